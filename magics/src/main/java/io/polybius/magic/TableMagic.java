package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %table x}: a value as a table. */
final class TableMagic implements Magic {

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
    LivyTableForm.Encoded livy =
        LivyTableForm.of(
            Grid.of(value, context.tableRules()), context.tableRules(), limits.maxBytes());
    return TableDisplay.add(
        new MimeBundle(List.of()).with(MimeBundle.LIVY_TABLE, livy.text()),
        livy.shown(),
        argument.rows().orElse(TableDisplay.ROWS),
        limits);
  }
}
