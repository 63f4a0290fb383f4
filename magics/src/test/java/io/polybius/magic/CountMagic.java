package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;

/** {@code %count x}: how many rows a value has. */
public final class CountMagic implements Magic {

  @Override
  public String name() {
    return "count";
  }

  @Override
  public String help() {
    return "Counts the rows of a value.\n%count NAME";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    PlainValue value = context.lookup(call.argument());
    if (value instanceof PlainValue.Table table) {
      String more = table.extent().truncated() ? "more than " : "";
      return MimeBundle.text(more + table.rows().size() + " rows");
    }
    throw new MagicException(MagicException.VALUE_ERROR, call.argument() + " has no rows");
  }
}
