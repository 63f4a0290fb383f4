package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.awt.AWTError;
import java.util.List;

/** {@code %plot x}: a value as a plot. */
final class PlotMagic implements Magic {

  /** Notebooks keep plots in their files. */
  private static final long MAX_BYTES = 2 << 20;

  private static final List<String> AWT_PACKAGES =
      List.of("java.awt.", "sun.awt.", "sun.font.", "sun.java2d.");

  @Override
  public String name() {
    return "plot";
  }

  @Override
  public String help() {
    return "Shows a value as a plot.\n"
        + PlotArgument.USAGE
        + """

        A column with a blank or a comma in its name stands in quotes: x="unit price".
        What is left out is guessed from the columns: texts make bars, times a line, two columns of \
        numbers a line or a scatter plot, one a histogram.
        bar and pie sum y for each value of x, or count its rows if there is no y; the smallest \
        beyond 50 are summed in one.
        ROWS is how many rows to take: 1000 of a DataFrame or an RDD if it is not given. \
        A collection is summed or counted as a whole, and gives 1000 points of a line.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    PlotArgument argument = PlotArgument.of(call);
    MagicLimits limits = context.limits();
    int maxRows = argument.rows().orElse(limits.maxRows());
    PlotTable table =
        PlotTable.of(argument.variable(), context.lookup(argument.variable(), maxRows));
    if (argument.rows().isPresent()) {
      table = table.first(maxRows);
    }
    Plot whole =
        PlotPoints.of(
            PlotChoice.of(argument, table),
            table,
            argument.title().orElse(argument.variable()),
            maxRows);
    long maxBytes = Math.min(MAX_BYTES, limits.maxBytes());
    Plot plot = whole;
    String vegaLite = VegaLiteForm.of(plot);
    while (Characters.utf8Bytes(vegaLite) > maxBytes && plot.points().size() > 1) {
      plot = whole.first(plot.points().size() / 2);
      vegaLite = VegaLiteForm.of(plot);
    }
    return bundle(plot, vegaLite);
  }

  private static MimeBundle bundle(Plot plot, String vegaLite) {
    MimeBundle bundle = new MimeBundle(List.of()).with(MimeBundle.VEGA_LITE, vegaLite);
    String text = PlotText.of(plot);
    try {
      return bundle.with(MimeBundle.PNG, PlotPicture.png(plot)).with(MimeBundle.TEXT, text);
    } catch (LinkageError | InternalError | AWTError e) {
      return bundle.with(MimeBundle.TEXT, withoutPicture(text, e));
    } catch (RuntimeException e) {
      if (!isOfAwt(e)) {
        throw e;
      }
      return bundle.with(MimeBundle.TEXT, withoutPicture(text, e));
    }
  }

  /** A Java without fonts, or without what draws them. */
  private static String withoutPicture(String text, Throwable e) {
    return text + "\n(no picture: Java cannot draw here, perhaps for lack of fonts: " + e + ")";
  }

  /** AWT has no exception of its own for a lack of fonts, only a place where it is thrown. */
  private static boolean isOfAwt(RuntimeException e) {
    StackTraceElement[] frames = e.getStackTrace();
    return frames.length > 0
        && AWT_PACKAGES.stream().anyMatch(frames[0].getClassName()::startsWith);
  }
}
