package io.polybius.magic;

import io.polybius.magic.Plot.Axis;
import io.polybius.magic.Plot.Point;
import io.polybius.magic.PlotTable.Field;
import io.polybius.magic.PlotTable.Scale;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Works out the points of a plot from the rows: sums, counts, bins, and what is too much. */
final class PlotPoints {

  private static final int MAX_BARS = 50;
  private static final int MAX_COLORS = 10;
  private static final int MAX_POINTS = 10_000;
  private static final int MAX_BINS = 30;
  private static final int MAX_LABEL_CHARS = 60;

  private final PlotChoice choice;
  private final PlotTable table;
  private final List<String> notes = new ArrayList<>();
  private final List<Point> points = new ArrayList<>();
  private final Series series;
  private int leftOut;

  private PlotPoints(PlotChoice choice, PlotTable table) {
    this.choice = choice;
    this.table = table;
    this.series = Series.of(choice, table);
  }

  /**
   * Works out a plot.
   *
   * @param choice what to show
   * @param table the rows
   * @param title above the plot
   * @param maxRows how many points of a line or a scatter plot to show
   * @throws MagicException {@link MagicException#VALUE_ERROR} if there is nothing that can be drawn
   */
  static Plot of(PlotChoice choice, PlotTable table, String title, int maxRows)
      throws MagicException {
    boolean category = choice.x().isPresent() && choice.x().get().scale() == Scale.CATEGORY;
    boolean curve =
        choice.type() == PlotType.SCATTER || (choice.type() == PlotType.LINE && !category);
    int rows = Math.min(maxRows, MAX_POINTS / Math.max(1, choice.y().size()));
    PlotPoints made = new PlotPoints(choice, curve ? table.first(rows) : table);
    Axis axis =
        switch (choice.type()) {
          case HISTOGRAM -> made.bins();
          case LINE, SCATTER -> curve ? made.curves() : made.bars();
          case BAR, PIE -> made.bars();
        };
    return made.plot(title, axis);
  }

  private Plot plot(String title, Axis axis) throws MagicException {
    if (points.isEmpty()) {
      throw new MagicException(
          MagicException.VALUE_ERROR,
          table.rows().isEmpty()
              ? "There are no rows to plot"
              : "There is nothing to plot: no row has the numbers that are needed");
    }
    if (choice.type() == PlotType.PIE) {
      requireSlices();
    }
    if (table.extent().truncated()) {
      int rows = table.rows().size();
      notes.add(Counts.of(rows, rows, table.extent(), "row"));
    }
    if (leftOut > 0) {
      notes.add(
          String.format(
              Locale.ROOT, "left out %,d value%s that cannot be drawn", leftOut, plural(leftOut)));
    }
    return new Plot(
        choice.type(),
        title,
        List.copyOf(notes),
        axis,
        measured(),
        choice.color().map(Field::name).orElse(""),
        series.names(),
        List.copyOf(points));
  }

  private String measured() {
    return switch (choice.y().size()) {
      case 0 -> "count";
      case 1 -> choice.y().get(0).name();
      default -> "value";
    };
  }

  private void requireSlices() throws MagicException {
    double total = 0;
    for (Point point : points) {
      if (point.y() < 0) {
        throw new MagicException(
            MagicException.VALUE_ERROR, "A pie cannot show negative numbers; bar can");
      }
      total += point.y();
    }
    if (total == 0) {
      throw new MagicException(
          MagicException.VALUE_ERROR, "A pie of nothing but zeros cannot be drawn; bar can");
    }
  }

  private Axis curves() {
    List<Field> ys = choice.y();
    for (int index = 0; index < table.rows().size(); index++) {
      List<PlainValue> row = table.rows().get(index);
      double x = choice.x().isPresent() ? PlotTable.position(row, choice.x().get()) : index;
      for (int column = 0; column < ys.size(); column++) {
        double y = PlotTable.position(row, ys.get(column));
        if (Double.isNaN(x) || Double.isNaN(y)) {
          leftOut++;
        } else {
          points.add(new Point(x, y, series.of(row, column)));
        }
      }
    }
    if (choice.type() == PlotType.LINE) {
      points.sort(Comparator.comparingDouble(Point::x));
    }
    return choice
        .x()
        .map(field -> Axis.of(field.name(), field.scale()))
        .orElseGet(() -> Axis.of("index", Scale.NUMBER));
  }

  /** Sums what is in each category, and counts rows where no column is to be summed. */
  private Axis bars() {
    Map<String, double[]> sums = new LinkedHashMap<>();
    int measures = Math.max(1, choice.y().size());
    for (int index = 0; index < table.rows().size(); index++) {
      List<PlainValue> row = table.rows().get(index);
      String label =
          choice.x().isPresent()
              ? PlotTable.label(row, choice.x().get(), MAX_LABEL_CHARS)
              : Integer.toString(index);
      for (int column = 0; column < measures; column++) {
        double y = choice.y().isEmpty() ? 1 : PlotTable.position(row, choice.y().get(column));
        if (Double.isNaN(y)) {
          leftOut++;
        } else {
          add(sums, label, series.of(row, column), y);
        }
      }
    }
    Map<String, double[]> shown = largest(sums);
    List<String> categories = List.copyOf(shown.keySet());
    for (int category = 0; category < categories.size(); category++) {
      double[] ofSeries = shown.get(categories.get(category));
      for (int number = 0; number < ofSeries.length; number++) {
        if (!Double.isNaN(ofSeries[number])) {
          points.add(new Point(category, Plot.rounded(ofSeries[number]), number));
        }
      }
    }
    String title = choice.x().map(Field::name).orElse("index");
    return new Axis(title, Scale.CATEGORY, categories, 0);
  }

  private void add(Map<String, double[]> sums, String label, int number, double amount) {
    double[] ofSeries =
        sums.computeIfAbsent(
            label,
            key -> {
              double[] nothing = new double[series.names().size()];
              Arrays.fill(nothing, Double.NaN);
              return nothing;
            });
    ofSeries[number] = Double.isNaN(ofSeries[number]) ? amount : ofSeries[number] + amount;
  }

  /** Returns the largest bars in the order they came in, and one for all others. */
  private Map<String, double[]> largest(Map<String, double[]> sums) {
    if (sums.size() <= MAX_BARS) {
      return sums;
    }
    Set<String> kept = new HashSet<>();
    sums.entrySet().stream()
        .sorted(Comparator.comparingDouble(entry -> -size(entry.getValue())))
        .limit(MAX_BARS - 1)
        .forEach(entry -> kept.add(entry.getKey()));
    String other = Series.other(sums.size() - kept.size());
    Map<String, double[]> shown = new LinkedHashMap<>();
    for (String label : sums.keySet()) {
      if (kept.contains(label)) {
        shown.put(label, sums.get(label));
      }
    }
    for (Map.Entry<String, double[]> entry : sums.entrySet()) {
      if (!kept.contains(entry.getKey())) {
        for (int number = 0; number < entry.getValue().length; number++) {
          if (!Double.isNaN(entry.getValue()[number])) {
            add(shown, other, number, entry.getValue()[number]);
          }
        }
      }
    }
    return shown;
  }

  private static double size(double[] ofSeries) {
    return Arrays.stream(ofSeries).filter(sum -> !Double.isNaN(sum)).map(Math::abs).sum();
  }

  private Axis bins() {
    Field field = choice.x().orElseThrow();
    double[] values =
        table.rows().stream()
            .mapToDouble(row -> PlotTable.position(row, field))
            .filter(value -> !Double.isNaN(value))
            .sorted()
            .toArray();
    leftOut = table.rows().size() - values.length;
    if (values.length == 0) {
      return Axis.of(field.name(), Scale.NUMBER);
    }
    double least = values[0];
    double greatest = values[values.length - 1];
    double largest = Math.max(Math.abs(least), Math.abs(greatest));
    if (greatest - least <= largest * 1e-9) {
      // All the same, as far as an axis can tell.
      double width = Math.max(1, largest / 1000);
      points.add(new Point(Plot.rounded(least - width / 2), values.length, 0));
      return new Axis(field.name(), Scale.NUMBER, List.of(), width);
    }
    // Sturges' rule.
    double wanted = Math.min(MAX_BINS, Math.ceil(Math.log(values.length) / Math.log(2)) + 1);
    double width = roundStep(greatest / wanted - least / wanted);
    double first = binOf(least, width);
    int[] counts = new int[(int) (binOf(greatest, width) - first) + 1];
    for (double value : values) {
      counts[(int) (binOf(value, width) - first)]++;
    }
    for (int bin = 0; bin < counts.length; bin++) {
      points.add(new Point(Plot.rounded((first + bin) * width), counts[bin], 0));
    }
    return new Axis(field.name(), Scale.NUMBER, List.of(), width);
  }

  /** Returns the least of 1, 2, 5, 10, 20, 50 and so on that is not less. */
  private static double roundStep(double step) {
    double power = Math.pow(10, Math.floor(Math.log10(step)));
    for (double factor : new double[] {1, 2, 5}) {
      if (factor * power >= step) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  /** Returns the number of the bin, where 0.3 / 0.1 is 3 and not a little less. */
  private static double binOf(double value, double width) {
    double exact = value / width;
    double nearest = Math.rint(exact);
    return Math.abs(exact - nearest) <= Math.abs(nearest) * 1e-12 ? nearest : Math.floor(exact);
  }

  private static String plural(int count) {
    return count == 1 ? "" : "s";
  }

  /**
   * The series of a plot: one for each column of y, or one for each value of the colour's column.
   *
   * @param names of the series
   * @param choice what to show
   * @param byLabel the series of the values that have one of their own; the last series has all
   *     others
   */
  private record Series(List<String> names, PlotChoice choice, Map<String, Integer> byLabel) {

    static Series of(PlotChoice choice, PlotTable table) {
      if (choice.color().isEmpty()) {
        List<String> names = choice.y().stream().map(Field::name).toList();
        return new Series(names.isEmpty() ? List.of("count") : names, choice, Map.of());
      }
      Map<String, Integer> counts = new LinkedHashMap<>();
      for (List<PlainValue> row : table.rows()) {
        counts.merge(PlotTable.label(row, choice.color().get(), MAX_LABEL_CHARS), 1, Integer::sum);
      }
      Set<String> kept = new HashSet<>(counts.keySet());
      if (counts.size() > MAX_COLORS) {
        kept.clear();
        counts.entrySet().stream()
            .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
            .limit(MAX_COLORS - 1)
            .forEach(entry -> kept.add(entry.getKey()));
      }
      List<String> names = new ArrayList<>();
      Map<String, Integer> byLabel = new LinkedHashMap<>();
      for (String label : counts.keySet()) {
        if (kept.contains(label)) {
          byLabel.put(label, names.size());
          names.add(label);
        }
      }
      if (kept.size() < counts.size()) {
        names.add(other(counts.size() - kept.size()));
      }
      return new Series(names, choice, byLabel);
    }

    /** Returns what stands for so many values together. */
    static String other(int values) {
      return String.format(Locale.ROOT, "other (%,d)", values);
    }

    /** Returns the series of what a row has in a column of y. */
    int of(List<PlainValue> row, int column) {
      if (choice.color().isEmpty()) {
        return column;
      }
      String label = PlotTable.label(row, choice.color().get(), MAX_LABEL_CHARS);
      return byLabel.getOrDefault(label, names.size() - 1);
    }
  }
}
