package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.Candidate;
import java.util.List;

/**
 * How a text could go on.
 *
 * @param candidates what could stand in place of a part of it, each only once
 * @param start offset of that part
 * @param end offset after that part
 */
public record Completion(List<Candidate> candidates, int start, int end) {

  /** Copies the list. */
  public Completion {
    candidates = List.copyOf(candidates);
  }

  /** Returns that nothing is known to stand at a place. */
  public static Completion none(int cursor) {
    return new Completion(List.of(), cursor, cursor);
  }
}
