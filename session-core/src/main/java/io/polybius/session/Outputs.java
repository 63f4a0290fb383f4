package io.polybius.session;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What a statement has put out so far: an immutable list to which adding costs the same however
 * long it is, because a snapshot is taken after each addition.
 */
public final class Outputs {

  /** Nothing so far. */
  public static final Outputs NONE = new Outputs(null, null, 0);

  private final Outputs before;
  private final StatementOutput last;
  private final long chars;

  private Outputs(Outputs before, StatementOutput last, long chars) {
    this.before = before;
    this.last = last;
    this.chars = chars;
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
    return new Outputs(this, output, chars + charsOf(output));
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
