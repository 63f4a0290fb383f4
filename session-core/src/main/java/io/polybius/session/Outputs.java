package io.polybius.session;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a statement has put out so far: an immutable list to which adding costs the same however
 * long it is, because a snapshot is taken after each addition.
 *
 * <p>Of the updates of a display, only the newest is sure to be there, and what was taken back may
 * be gone: code that changes a display for hours keeps no more than what is to be seen, twice.
 */
public final class Outputs {

  /** Nothing so far. */
  public static final Outputs NONE = new Outputs(null, null, 0, 0, 0);

  /** What an output takes besides its characters, in characters. */
  private static final long OVERHEAD = 64;

  /** Less than this is not worth looking for what is no longer to be seen. */
  private static final long SMALL = 256 << 10;

  private final Outputs before;
  private final StatementOutput last;
  private final long chars;
  private final long weight;

  /** What was left when there was last a look for what is no longer to be seen. */
  private final long neededWeight;

  private Outputs(
      Outputs before, StatementOutput last, long chars, long weight, long neededWeight) {
    this.before = before;
    this.last = last;
    this.chars = chars;
    this.weight = weight;
    this.neededWeight = neededWeight;
  }

  /** Returns the length of everything, in characters. */
  long chars() {
    return chars;
  }

  /** Returns the length of one output, in characters. */
  static long charsOf(StatementOutput output) {
    if (output instanceof StreamText printed) {
      return printed.text().length();
    } else if (output instanceof StatementOutput.Echo echo) {
      return echo.text().length();
    } else if (output instanceof StatementOutput.Value value) {
      return charsOf(value.bundle());
    } else if (output instanceof StatementOutput.Display display) {
      return charsOf(display.bundle());
    } else if (output instanceof StatementOutput.DisplayUpdate update) {
      return charsOf(update.bundle());
    } else if (output instanceof StatementOutput.Page page) {
      return charsOf(page.bundle());
    } else if (output instanceof StatementOutput.NextInput next) {
      return next.text().length();
    } else {
      return 0;
    }
  }

  private static long charsOf(MimeBundle bundle) {
    return bundle.entries().stream().mapToLong(entry -> entry.data().length()).sum();
  }

  /** Returns these outputs and one more. */
  Outputs plus(StatementOutput output) {
    Outputs all = with(output);
    boolean mayReplace =
        output instanceof StatementOutput.DisplayUpdate || output instanceof StatementOutput.Clear;
    // To look each time that there is twice as much costs the same for each output, all in all.
    return mayReplace && all.weight > 2 * neededWeight + SMALL ? all.reduced() : all;
  }

  private Outputs with(StatementOutput output) {
    long more = charsOf(output);
    return new Outputs(this, output, chars + more, weight + more + OVERHEAD, neededWeight);
  }

  /** Returns the same without what is no longer to be seen. */
  private Outputs reduced() {
    List<StatementOutput> all = toList();
    int cleared = lastClear(all);
    Set<String> takenBack = new HashSet<>();
    for (StatementOutput output : all.subList(0, Math.max(0, cleared))) {
      if (output instanceof StatementOutput.Display display) {
        takenBack.add(display.displayId());
      }
    }
    Set<String> updated = new HashSet<>();
    boolean clearWaits = false;
    Deque<StatementOutput> needed = new ArrayDeque<>();
    for (int i = all.size() - 1; i >= 0; i--) {
      StatementOutput output = all.get(i);
      boolean isNeeded;
      if (output instanceof StatementOutput.DisplayUpdate update) {
        boolean isShown = i > cleared || !takenBack.contains(update.displayId());
        isNeeded = isShown && updated.add(update.displayId());
      } else if (output instanceof StatementOutput.Clear) {
        isNeeded = i == cleared || (i > cleared && !clearWaits);
        clearWaits = true;
      } else {
        isNeeded = i > cleared || isBesideOutput(output);
      }
      if (isNeeded) {
        needed.push(output);
      }
    }
    Outputs rest = NONE;
    for (StatementOutput output : needed) {
      rest = rest.with(output);
    }
    return new Outputs(rest.before, rest.last, rest.chars, rest.weight, rest.weight);
  }

  /** Returns where the last clearing is that has taken effect; -1 if none has. */
  private static int lastClear(List<StatementOutput> outputs) {
    boolean somethingNew = false;
    for (int i = outputs.size() - 1; i >= 0; i--) {
      StatementOutput output = outputs.get(i);
      if (output instanceof StatementOutput.Clear clear) {
        if (somethingNew || !clear.later()) {
          return i;
        }
      } else if (!(output instanceof StatementOutput.DisplayUpdate) && !isBesideOutput(output)) {
        somethingNew = true;
      }
    }
    return -1;
  }

  /** Whether clearing leaves it. */
  private static boolean isBesideOutput(StatementOutput output) {
    return output instanceof StatementOutput.Page || output instanceof StatementOutput.NextInput;
  }

  /** Returns the outputs in order, with neighbouring texts of the same stream joined. */
  public List<StatementOutput> toList() {
    Deque<StatementOutput> inOrder = new ArrayDeque<>();
    for (Outputs rest = this; rest.last != null; rest = rest.before) {
      inOrder.push(rest.last);
    }
    List<StatementOutput> joined = new ArrayList<>();
    while (!inOrder.isEmpty()) {
      StatementOutput next = inOrder.pop();
      if (next instanceof StreamText first) {
        StringBuilder text = new StringBuilder(first.text());
        while (inOrder.peek() instanceof StreamText more && more.stream() == first.stream()) {
          text.append(more.text());
          inOrder.pop();
        }
        next = new StreamText(first.stream(), text.toString());
      }
      joined.add(next);
    }
    return joined;
  }
}
