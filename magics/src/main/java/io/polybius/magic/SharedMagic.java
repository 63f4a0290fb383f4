package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %shared}: what is shared in the session, and a variable for it. */
final class SharedMagic implements Magic {

  @Override
  public String name() {
    return "shared";
  }

  @Override
  public String help() {
    return """
        Lists what is shared in the session, or defines a variable with it.
        %shared
        %shared NAME [as OTHER]
        In SQL, a DataFrame becomes a temporary view.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    MagicSession session = context.session();
    if (call.argument().isEmpty()) {
      call.requireNoBody();
      return list(session.shared(), context.limits());
    }
    ShareMagic.Names names = ShareMagic.Names.of(call);
    session.define(names.name(), names.other());
    return MimeBundle.NOTHING;
  }

  private static MimeBundle list(List<SharedName> shared, MagicLimits limits) {
    if (shared.isEmpty()) {
      return MimeBundle.text("Nothing is shared.");
    }
    List<Column> columns =
        List.of("name", "type", "from", "what").stream()
            .map(name -> new Column(name, "string", false))
            .toList();
    List<List<PlainValue>> rows =
        shared.stream()
            .map(
                each ->
                    List.of(
                        PlainValue.of(each.name()),
                        PlainValue.of(each.type()),
                        PlainValue.of(each.language()),
                        PlainValue.of(each.summary())))
            .toList();
    PlainValue.Table table = new PlainValue.Table(columns, rows, Extent.WHOLE);
    return TableDisplay.of(table, rows.size(), limits);
  }
}
