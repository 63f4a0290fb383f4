package io.polybius.magic;

import io.polybius.magic.Plot.Point;
import io.polybius.magic.PlotTable.Scale;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TimeZone;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.PieChart;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.PieStyler.ClockwiseDirectionType;
import org.knowm.xchart.style.PieStyler.LabelType;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A plot as a picture. */
final class PlotPicture {

  private static final int WIDTH = 700;
  private static final int HEIGHT = 420;
  private static final int MAX_TITLE_CHARS = 90;
  private static final int MAX_AXIS_CHARS = 60;
  private static final int MAX_LABEL_CHARS = 24;
  private static final int MAX_SLANTED_LABELS = 15;
  private static final float SMALL_FONT = 10;
  private static final int MAX_LINE_MARKERS = 60;

  private final Plot plot;

  private PlotPicture(Plot plot) {
    this.plot = plot;
  }

  /** Returns the picture in the format PNG, as base64. */
  static String png(Plot plot) {
    Chart<?, ?> chart = new PlotPicture(plot).chart();
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      chart.paint(graphics, WIDTH, HEIGHT);
    } finally {
      graphics.dispose();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // Without this stream a temporary file would be used.
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(image, "png", stream);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private Chart<?, ?> chart() {
    if (plot.type() == PlotType.PIE) {
      return pie();
    }
    boolean bars = plot.type() == PlotType.HISTOGRAM || plot.x().scale() == Scale.CATEGORY;
    return bars ? categories() : curves();
  }

  private PieChart pie() {
    PieChart chart = new PieChart(WIDTH, HEIGHT);
    decorate(chart, chart.getStyler());
    chart.getStyler().setLegendVisible(true);
    chart.getStyler().setLabelType(LabelType.Percentage);
    chart.getStyler().setClockwiseDirectionType(ClockwiseDirectionType.CLOCKWISE);
    List<String> labels = labels(plot.x().categories());
    for (Point point : plot.points()) {
      chart.addSeries(labels.get((int) point.x()), point.y());
    }
    return chart;
  }

  private CategoryChart categories() {
    CategoryChart chart = new CategoryChart(WIDTH, HEIGHT);
    decorate(chart, chart.getStyler());
    boolean histogram = plot.type() == PlotType.HISTOGRAM;
    List<String> labels = labels(plot.barLabels());
    double unit = decorateAxes(chart, chart.getStyler());
    chart.getStyler().setPlotGridVerticalLinesVisible(false);
    chart.getStyler().setAvailableSpaceFill(histogram ? 0.98 : 0.8);
    if (plot.type() == PlotType.LINE) {
      chart.getStyler().setDefaultSeriesRenderStyle(CategorySeriesRenderStyle.Line);
    }
    if (!plot.hasShortLabels()) {
      chart.getStyler().setXAxisLabelRotation(labels.size() > MAX_SLANTED_LABELS ? 90 : 45);
      Font font = chart.getStyler().getAxisTickLabelsFont();
      chart.getStyler().setAxisTickLabelsFont(font.deriveFont(Font.PLAIN, SMALL_FONT));
    }
    List<String> names = labels(plot.series());
    for (int number = 0; number < names.size(); number++) {
      List<Double> heights = new ArrayList<>();
      labels.forEach(label -> heights.add(null));
      for (int index = 0; index < plot.points().size(); index++) {
        Point point = plot.points().get(index);
        if (point.series() == number) {
          heights.set(histogram ? index : (int) point.x(), point.y() / unit);
        }
      }
      chart.addSeries(names.get(number), labels, heights);
    }
    return chart;
  }

  private XYChart curves() {
    XYChart chart = new XYChart(WIDTH, HEIGHT);
    decorate(chart, chart.getStyler());
    boolean scatter = plot.type() == PlotType.SCATTER;
    if (scatter) {
      chart.getStyler().setDefaultSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
      chart.getStyler().setMarkerSize(6);
    }
    double unit = decorateAxes(chart, chart.getStyler());
    boolean times = plot.x().scale() == Scale.TIME;
    double unitOfX = times ? 1 : unit(Point::x);
    if (!times) {
      boolean whole = plot.points().stream().allMatch(point -> point.x() == Math.rint(point.x()));
      chart.setCustomXAxisTickLabelsFormatter(
          tick -> {
            double number = Plot.rounded(tick * unitOfX);
            // Half a year is nothing that anybody expects between two years.
            return whole && number != Math.rint(number) ? " " : Plot.shown(number);
          });
    }
    List<String> names = labels(plot.series());
    for (int number = 0; number < names.size(); number++) {
      List<Object> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      for (Point point : plot.points()) {
        if (point.series() == number) {
          x.add(times ? new Date((long) point.x()) : (Object) (point.x() / unitOfX));
          y.add(point.y() / unit);
        }
      }
      if (!x.isEmpty()) {
        XYSeries series = chart.addSeries(names.get(number), x, y);
        Color color = color(number);
        series.setMarkerColor(color);
        series.setLineColor(color);
        if (scatter || plot.points().size() <= MAX_LINE_MARKERS) {
          series.setMarker(SeriesMarkers.CIRCLE);
        } else {
          series.setMarker(SeriesMarkers.NONE);
        }
      }
    }
    return chart;
  }

  private void decorate(Chart<?, ?> chart, Styler styler) {
    String notes = plot.notes().isEmpty() ? "" : " (" + String.join("; ", plot.notes()) + ")";
    int room = Math.max(MAX_TITLE_CHARS - notes.length(), MAX_LABEL_CHARS);
    chart.setTitle(visible(plot.title(), room) + notes);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setChartTitleBoxVisible(false);
    styler.setLegendVisible(plot.hasLegend());
    styler.setLegendBorderColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    Color[] colors = new Color[PlotColors.SCHEME.size()];
    for (int number = 0; number < colors.length; number++) {
      colors[number] = color(number);
    }
    styler.setSeriesColors(colors);
  }

  /** Returns by how much heights have to be divided. */
  private double decorateAxes(Chart<?, ?> chart, AxesChartStyler styler) {
    styler.setLocale(Locale.ROOT);
    styler.setTimezone(TimeZone.getTimeZone("UTC"));
    chart.setXAxisTitle(visible(plot.x().title(), MAX_AXIS_CHARS));
    chart.setYAxisTitle(visible(plot.y(), MAX_AXIS_CHARS));
    double unit = unit(Point::y);
    chart.setCustomYAxisTickLabelsFormatter(tick -> Plot.shown(tick * unit));
    return unit;
  }

  /**
   * Returns the power of ten by which to divide numbers before they are drawn: the library rounds
   * what it calculates to ten digits after the point.
   */
  private double unit(ToDoubleFunction<Point> number) {
    double largest = plot.points().stream().mapToDouble(number).map(Math::abs).max().orElse(1);
    if (largest == 0 || (largest >= 0.1 && largest < 1e9)) {
      return 1;
    }
    return Math.pow(10, Math.floor(Math.log10(largest)));
  }

  private static Color color(int number) {
    return Color.decode(PlotColors.SCHEME.get(number % PlotColors.SCHEME.size()));
  }

  /** Returns texts as short names that can be seen, no two the same. */
  private static List<String> labels(List<String> texts) {
    Set<String> used = new HashSet<>();
    List<String> labels = new ArrayList<>(texts.size());
    for (String text : texts) {
      StringBuilder label = new StringBuilder(visible(text, MAX_LABEL_CHARS));
      while (!used.add(label.toString())) {
        label.append(' ');
      }
      labels.add(label.toString());
    }
    return labels;
  }

  /** Returns a text that is one line and not empty, which the library could not draw. */
  private static String visible(String text, int maxChars) {
    String line = CellText.cut(TextForm.escape(text), maxChars);
    return line.isEmpty() ? " " : line;
  }
}
