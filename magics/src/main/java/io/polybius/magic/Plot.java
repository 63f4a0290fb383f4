package io.polybius.magic;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a plot shows, worked out so far that all its forms show the same.
 *
 * @param type how it is drawn
 * @param title above it
 * @param notes what a reader has to know, such as that rows are left out
 * @param x the axis along the plot, or the slices of a pie
 * @param y what is measured
 * @param color by what the series are told apart, or nothing
 * @param series names of the series, at least one
 * @param points in the order in which they are drawn
 */
record Plot(
    PlotType type,
    String title,
    List<String> notes,
    Axis x,
    String y,
    String color,
    List<String> series,
    List<Point> points) {

  private static final int MAX_CHARS_OF_LABELS = 75;

  private static final MathContext SHOWN_DIGITS = new MathContext(12);

  /**
   * The axis along a plot.
   *
   * @param title of the axis
   * @param scale what the positions of points are: numbers, milliseconds since the epoch, or
   *     indices of the categories
   * @param categories names of the bars or slices
   * @param binWidth of a histogram, whose points stand where their bins begin
   */
  record Axis(String title, PlotTable.Scale scale, List<String> categories, double binWidth) {

    /** Returns an axis of numbers or times. */
    static Axis of(String title, PlotTable.Scale scale) {
      return new Axis(title, scale, List.of(), 0);
    }
  }

  /**
   * A point, a bar or a slice.
   *
   * @param x where it is along the axis
   * @param y how high it is
   * @param series which it belongs to
   */
  record Point(double x, double y, int series) {}

  /** Returns whether there are several series, and therefore a legend. */
  boolean hasLegend() {
    return series.size() > 1;
  }

  /** Returns the names of the bars: categories, or from where to where a bin goes. */
  List<String> barLabels() {
    return type == PlotType.HISTOGRAM
        ? points.stream().map(point -> shown(point.x) + " to " + shown(binEnd(point))).toList()
        : x.categories;
  }

  /** Returns whether the names of the bars fit beside each other. */
  boolean hasShortLabels() {
    return barLabels().stream().mapToInt(label -> label.length() + 2).sum() <= MAX_CHARS_OF_LABELS;
  }

  /** Returns where the bin of a histogram ends. */
  double binEnd(Point point) {
    return rounded(point.x + x.binWidth);
  }

  /** Returns the number of a point without what calculating with fractions has added. */
  static double rounded(double number) {
    return new BigDecimal(number).round(SHOWN_DIGITS).doubleValue();
  }

  /** Returns a number as it stands at an axis. */
  static String shown(double number) {
    BigDecimal rounded = new BigDecimal(number).round(SHOWN_DIGITS).stripTrailingZeros();
    boolean plain = rounded.signum() == 0 || (rounded.scale() <= 9 && Math.abs(number) < 1e12);
    return plain ? rounded.toPlainString() : rounded.toString();
  }

  /** Returns the plot with the first points only, which it notes. */
  Plot first(int count) {
    List<String> more = new ArrayList<>(notes);
    more.add(String.format(Locale.ROOT, "%,d of %,d points", count, points.size()));
    return new Plot(type, title, more, x, y, color, series, points.subList(0, count));
  }
}
