package io.polybius.session;

import java.util.List;

/**
 * A part of a log.
 *
 * @param from the number of its first line, counted from 0
 * @param total how many lines the whole log has
 * @param lines the lines
 */
public record LogPage(int from, int total, List<String> lines) {

  /** Copies the lines. */
  public LogPage {
    lines = List.copyOf(lines);
  }
}
