package io.polybius.magic;

import io.polybius.magic.Plot.Point;
import io.polybius.magic.PlotTable.Scale;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A plot for those who see text only: bars as lines of signs, of anything else what it spans. */
final class PlotText {

  private static final int MAX_LINES = 20;
  private static final int BAR_CHARS = 40;

  private PlotText() {}

  /** Returns some lines. */
  static String of(Plot plot) {
    StringBuilder text = new StringBuilder(plot.type().word());
    if (plot.type() == PlotType.SCATTER || plot.type() == PlotType.BAR) {
      text.append(" plot");
    }
    text.append(": ").append(TextForm.escape(plot.title())).append('\n');
    boolean bars = plot.x().scale() == Scale.CATEGORY || plot.type() == PlotType.HISTOGRAM;
    text.append(bars ? bars(plot) : span(plot));
    for (String note : plot.notes()) {
      text.append('\n').append('(').append(note).append(')');
    }
    return text.toString();
  }

  private static String bars(Plot plot) {
    List<Point> points = plot.points().subList(0, Math.min(MAX_LINES, plot.points().size()));
    List<String> labels = new ArrayList<>();
    List<String> names = plot.barLabels();
    for (int index = 0; index < points.size(); index++) {
      boolean histogram = plot.type() == PlotType.HISTOGRAM;
      int name = histogram ? index : (int) points.get(index).x();
      labels.add(label(plot, names.get(name), points.get(index)));
    }
    int widest = labels.stream().mapToInt(Characters::columns).max().orElse(0);
    double longest =
        points.stream()
            .mapToDouble(point -> Math.abs(point.y()))
            .filter(y -> y > 0)
            .max()
            .orElse(1);
    List<String> lines = new ArrayList<>();
    lines.add(TextForm.escape(plot.y()) + " by " + TextForm.escape(plot.x().title()));
    for (int index = 0; index < points.size(); index++) {
      String label = labels.get(index);
      double y = points.get(index).y();
      long length = Math.round(BAR_CHARS * (Math.abs(y) / longest));
      lines.add(
          label
              + " ".repeat(widest - Characters.columns(label))
              + " |"
              + (y < 0 ? "-" : "#").repeat((int) length)
              + (length == 0 ? "" : " ")
              + Plot.shown(y));
    }
    int more = plot.points().size() - points.size();
    if (more > 0) {
      lines.add(String.format(Locale.ROOT, "... and %,d more", more));
    }
    return String.join("\n", lines);
  }

  private static String label(Plot plot, String name, Point point) {
    String bar = TextForm.escape(name);
    return plot.hasLegend() ? bar + ", " + TextForm.escape(plot.series().get(point.series())) : bar;
  }

  private static String span(Plot plot) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%,d point%s",
            plot.points().size(),
            plot.points().size() == 1 ? "" : "s"));
    lines.add("x: " + TextForm.escape(plot.x().title()) + ", " + span(plot, Point::x, true));
    lines.add("y: " + TextForm.escape(plot.y()) + ", " + span(plot, Point::y, false));
    if (plot.hasLegend()) {
      lines.add("colors: " + TextForm.escape(String.join(", ", plot.series())));
    }
    return String.join("\n", lines);
  }

  private static String span(Plot plot, ToDoubleFunction<Point> number, boolean along) {
    double least = plot.points().stream().mapToDouble(number).min().orElseThrow();
    double greatest = plot.points().stream().mapToDouble(number).max().orElseThrow();
    boolean times = along && plot.x().scale() == Scale.TIME;
    return shown(least, times) + " to " + shown(greatest, times);
  }

  private static String shown(double number, boolean time) {
    return time ? Instant.ofEpochMilli((long) number).toString() : Plot.shown(number);
  }
}
