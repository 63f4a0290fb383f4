package io.polybius.session;

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
  public static final Outputs NONE = new Outputs(null, null);

  private final Outputs before;
  private final StatementOutput last;

  private Outputs(Outputs before, StatementOutput last) {
    this.before = before;
    this.last = last;
  }

  /** Returns these outputs and one more. */
  Outputs plus(StatementOutput output) {
    return new Outputs(this, output);
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
