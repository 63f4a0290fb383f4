package io.polybius.rest;

import io.polybius.session.LogPage;
import java.util.List;

/** A part of the log of a session or a batch. */
record LogJson(int id, int from, int total, List<String> log) {

  /** How many of the last lines are shown with a session or a batch. */
  static final int NEWEST_LINES = 10;

  private static final int DEFAULT_SIZE = 100;

  /** Gives a part of a log: its first line, negative for the last ones, and how many. */
  interface Log {
    LogPage page(int from, int size);
  }

  /** Returns the part that is asked for. */
  static LogJson of(Request request, int id, Log log) {
    LogPage page = log.page(request.number("from", -1), request.number("size", DEFAULT_SIZE));
    return new LogJson(id, page.from(), page.total(), page.lines());
  }
}
