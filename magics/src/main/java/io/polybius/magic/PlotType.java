package io.polybius.magic;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The kinds of plots. */
enum PlotType {
  BAR,
  LINE,
  SCATTER,
  HISTOGRAM,
  PIE;

  /** Returns the word that a user writes. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the type that a user has written. */
  static Optional<PlotType> of(String word) {
    return Arrays.stream(values()).filter(type -> type.word().equals(word)).findFirst();
  }

  /** Returns all words, separated. */
  static String words(String separator) {
    return Arrays.stream(values()).map(PlotType::word).collect(Collectors.joining(separator));
  }
}
