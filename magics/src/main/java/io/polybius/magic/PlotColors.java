package io.polybius.magic;

import java.util.List;

/** The colours of series and slices, in their order; the same in all forms of a plot. */
final class PlotColors {

  /** The scheme {@code tableau10}, which Vega-Lite takes by itself. */
  static final List<String> SCHEME =
      List.of(
          "#4c78a8", "#f58518", "#e45756", "#72b7b2", "#54a24b", "#eeca3b", "#b279a2", "#ff9da6",
          "#9d755d", "#bab0ac");

  private PlotColors() {}
}
