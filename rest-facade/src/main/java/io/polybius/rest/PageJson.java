package io.polybius.rest;

import java.util.List;
import java.util.function.Function;

/**
 * A page of sessions, or of batches, which Livy calls sessions there too.
 *
 * @param from as it was asked for
 * @param total how many there are in all
 * @param sessions those of the page
 */
record PageJson<T>(int from, int total, List<T> sessions) {

  private static final int DEFAULT_SIZE = 100;

  /** Returns the page of {@code all} that is asked for. */
  static <S, T> PageJson<T> of(Request request, List<S> all, Function<S, T> json) {
    int from = request.number("from", 0);
    int size = request.number("size", DEFAULT_SIZE);
    return new PageJson<>(from, all.size(), Page.of(all, from, size).stream().map(json).toList());
  }
}
