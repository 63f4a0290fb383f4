package io.polybius.magic;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.magic.Plot.Point;
import io.polybius.magic.PlotTable.Scale;
import java.util.List;

/**
 * A plot as a specification for Vega-Lite 5 with its data in it. The fields of the data have fixed
 * names, because in the names of columns Vega-Lite would take dots and brackets for paths.
 */
final class VegaLiteForm {

  private static final String SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";
  private static final int WIDTH = 560;
  private static final int HEIGHT = 320;
  private static final int MAX_LINE_MARKERS = 60;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Plot plot;

  private VegaLiteForm(Plot plot) {
    this.plot = plot;
  }

  /** Returns the specification as JSON. */
  static String of(Plot plot) {
    return new VegaLiteForm(plot).specification().toString();
  }

  private ObjectNode specification() {
    ObjectNode root = JSON.objectNode();
    root.put("$schema", SCHEMA);
    ObjectNode title = root.putObject("title");
    title.put("text", text(plot.title()));
    if (!plot.notes().isEmpty()) {
      title.put("subtitle", String.join("; ", plot.notes()));
    }
    root.put("width", WIDTH).put("height", HEIGHT);
    root.putObject("data").set("values", values());
    root.set("mark", mark());
    root.set("encoding", plot.type() == PlotType.PIE ? slices() : axes());
    return root;
  }

  private ArrayNode values() {
    ArrayNode values = JSON.arrayNode();
    int order = 0;
    for (Point point : plot.points()) {
      ObjectNode value = values.addObject();
      if (plot.x().scale() == Scale.CATEGORY) {
        value.put("x", text(plot.x().categories().get((int) point.x())));
      } else {
        put(value, "x", point.x());
      }
      if (plot.type() == PlotType.HISTOGRAM) {
        put(value, "end", plot.binEnd(point));
      }
      put(value, "y", point.y());
      if (plot.hasLegend()) {
        value.put("color", text(plot.series().get(point.series())));
      }
      if (plot.type() == PlotType.PIE) {
        value.put("order", order++);
      }
    }
    return values;
  }

  private ObjectNode mark() {
    ObjectNode mark = JSON.objectNode();
    mark.put(
        "type",
        switch (plot.type()) {
          case BAR, HISTOGRAM -> "bar";
          case LINE -> "line";
          case SCATTER -> "point";
          case PIE -> "arc";
        });
    mark.put("tooltip", true);
    if (plot.type() == PlotType.SCATTER) {
      mark.put("filled", true);
    } else if (plot.type() == PlotType.LINE && plot.points().size() <= MAX_LINE_MARKERS) {
      mark.put("point", true);
    }
    return mark;
  }

  private ObjectNode axes() {
    ObjectNode encoding = JSON.objectNode();
    ObjectNode x = encoding.putObject("x").put("field", "x");
    boolean curve = plot.type() == PlotType.LINE || plot.type() == PlotType.SCATTER;
    switch (plot.x().scale()) {
      case CATEGORY -> {
        x.put("type", "nominal");
        x.set("sort", texts(plot.x().categories()));
        if (plot.hasShortLabels()) {
          x.putObject("axis").put("labelAngle", 0);
        }
      }
      case TIME -> {
        x.put("type", "temporal");
        x.putObject("scale").put("type", "utc");
      }
      case NUMBER -> {
        x.put("type", "quantitative");
        if (curve) {
          x.putObject("scale").put("zero", false);
        }
        if (isYears()) {
          // Without the comma that other thousands have.
          x.putObject("axis").put("format", "d");
        }
      }
    }
    if (plot.type() == PlotType.HISTOGRAM) {
      x.put("bin", "binned");
      encoding.putObject("x2").put("field", "end");
    }
    x.put("title", text(plot.x().title()));
    ObjectNode y = encoding.putObject("y").put("field", "y").put("type", "quantitative");
    if (curve) {
      y.putObject("scale").put("zero", false);
    }
    y.put("title", text(plot.y()));
    if (plot.hasLegend()) {
      encoding.set("color", color(plot.series(), plot.color()));
      if (plot.type() == PlotType.BAR) {
        ObjectNode offset = encoding.putObject("xOffset");
        offset.put("field", "color").put("type", "nominal");
        offset.set("sort", texts(plot.series()));
      }
    }
    return encoding;
  }

  private ObjectNode slices() {
    ObjectNode encoding = JSON.objectNode();
    ObjectNode theta = encoding.putObject("theta");
    theta.put("field", "y").put("type", "quantitative").put("stack", true);
    theta.put("title", text(plot.y()));
    encoding.set("color", color(plot.x().categories(), plot.x().title()).put("field", "x"));
    encoding.putObject("order").put("field", "order").put("type", "quantitative");
    return encoding;
  }

  private static ObjectNode color(List<String> domain, String title) {
    ObjectNode color = JSON.objectNode().put("field", "color").put("type", "nominal");
    ObjectNode scale = color.putObject("scale");
    scale.set("domain", texts(domain));
    scale.set("range", texts(PlotColors.SCHEME));
    if (title.isEmpty()) {
      color.putNull("title");
    } else {
      color.put("title", text(title));
    }
    return color;
  }

  private boolean isYears() {
    return plot.type() != PlotType.HISTOGRAM
        && plot.points().stream()
            .mapToDouble(Point::x)
            .allMatch(x -> x >= 1000 && x < 3000 && x == Math.rint(x));
  }

  private static ArrayNode texts(List<String> texts) {
    ArrayNode array = JSON.arrayNode();
    texts.forEach(text -> array.add(text(text)));
    return array;
  }

  private static String text(String text) {
    return Characters.wellFormed(text);
  }

  private static void put(ObjectNode node, String name, double number) {
    if (number == Math.rint(number) && Math.abs(number) < 1L << 53) {
      node.put(name, (long) number);
    } else {
      node.put(name, number);
    }
  }
}
