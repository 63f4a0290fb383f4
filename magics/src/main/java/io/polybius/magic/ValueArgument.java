package io.polybius.magic;

import java.util.List;
import java.util.OptionalInt;

/**
 * The argument of a magic that shows one value: {@code NAME} or {@code NAME ROWS}.
 *
 * @param variable the name to look up
 * @param rows how many rows or elements the user asked for, if he did
 */
record ValueArgument(String variable, OptionalInt rows) {

  /**
   * Reads the argument of a call without a body.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if it is anything else
   */
  static ValueArgument of(MagicCall call) throws MagicException {
    call.requireNoBody();
    List<String> words = call.words();
    if (words.size() == 1) {
      return new ValueArgument(words.get(0), OptionalInt.empty());
    }
    if (words.size() == 2) {
      try {
        int rows = Integer.parseInt(words.get(1));
        if (rows >= 0) {
          return new ValueArgument(words.get(0), OptionalInt.of(rows));
        }
      } catch (NumberFormatException e) {
        // Said below.
      }
      throw new MagicException(
          MagicException.USAGE_ERROR, "'" + words.get(1) + "' is not a number of rows");
    }
    throw new MagicException(
        MagicException.USAGE_ERROR,
        "%" + call.name() + " takes the name of a value and, if wanted, a number of rows");
  }

  /** Returns the value, with no more rows or elements than the user asked for. */
  PlainValue lookup(MagicContext context) throws MagicException {
    PlainValue value = context.lookup(variable, rows.orElse(context.limits().maxRows()));
    if (rows.isPresent()
        && value instanceof PlainValue.Sequence sequence
        && sequence.items().size() > rows.getAsInt()) {
      Extent whole = sequence.extent();
      return new PlainValue.Sequence(
          sequence.items().subList(0, rows.getAsInt()),
          whole.truncated() ? whole : Extent.firstOf(sequence.items().size()));
    }
    return value;
  }
}
