package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %json x}: a value as JSON. */
final class JsonMagic implements Magic {

  private static final int MAX_TEXT_CHARS = 10_000;

  @Override
  public String name() {
    return "json";
  }

  @Override
  public String help() {
    return """
        Shows a value as JSON.
        %json NAME [ROWS]
        ROWS is how many rows or elements to take. If it is not given, a DataFrame or an RDD gives \
        1000 (unless the session is set up otherwise), a collection gives all.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    PlainValue value = ValueArgument.of(call).lookup(context);
    JsonForm.Encoded json = JsonForm.of(value, context.limits().maxBytes());
    String text = JsonForm.pretty(json.shown(), MAX_TEXT_CHARS);
    return new MimeBundle(List.of())
        .with(MimeBundle.JSON, json.text())
        .with(MimeBundle.TEXT, text + note(json.shown()));
  }

  /** Says in the text form alone what is missing: the JSON itself keeps its type. */
  private static String note(PlainValue shown) {
    if (shown instanceof PlainValue.Table table && table.extent().truncated()) {
      return "\n("
          + Counts.of(table.rows().size(), table.rows().size(), table.extent(), "row")
          + ")";
    }
    if (shown instanceof PlainValue.Sequence sequence && sequence.extent().truncated()) {
      int size = sequence.items().size();
      return "\n(" + Counts.of(size, size, sequence.extent(), "element") + ")";
    }
    return "";
  }
}
