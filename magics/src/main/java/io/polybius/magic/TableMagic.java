package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %table x}: a value as a table. */
final class TableMagic implements Magic {

  /** Rows that the forms for the eye show when the user names no number, as Spark's show() does. */
  private static final int SHOWN_ROWS = 20;

  // Notebooks keep these forms in their files, so they get less room than the table for programs.
  private static final int HTML_SHARE = 4;
  private static final int TEXT_SHARE = 8;

  @Override
  public String name() {
    return "table";
  }

  @Override
  public String help() {
    return """
        Shows a value as a table.
        %table NAME [ROWS]
        ROWS is how many rows to take and to show. If it is not given, a DataFrame or an RDD gives \
        1000 (unless the session is set up otherwise), a collection gives all, and 20 are shown.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    ValueArgument argument = ValueArgument.of(call);
    PlainValue value = argument.lookup(context);
    MagicLimits limits = context.limits();
    LivyTableForm.Encoded livy = LivyTableForm.of(Grid.of(value), limits.maxBytes());
    int rows = argument.rows().orElse(SHOWN_ROWS);
    return new MimeBundle(List.of())
        .with(MimeBundle.LIVY_TABLE, livy.text())
        .with(
            MimeBundle.HTML,
            HtmlForm.table(
                livy.shown(), rows, limits.maxCellChars(), limits.maxBytes() / HTML_SHARE))
        .with(
            MimeBundle.TEXT,
            TextForm.table(
                livy.shown(), rows, limits.maxCellChars(), limits.maxBytes() / TEXT_SHARE));
  }
}
