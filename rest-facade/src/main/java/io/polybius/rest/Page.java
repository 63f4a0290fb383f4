package io.polybius.rest;

import java.util.List;

/** A part of a list, as clients ask for it. */
final class Page {

  private Page() {}

  /** Returns up to {@code size} elements from an index on; an index below 0 means 0. */
  static <T> List<T> of(List<T> all, int from, int size) {
    int begin = Math.min(Math.max(from, 0), all.size());
    long end = Math.min((long) begin + Math.max(size, 0), all.size());
    return all.subList(begin, (int) end);
  }
}
