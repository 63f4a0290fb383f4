package io.polybius.magic;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * What a magic is to show that shows a text or bytes: the lines below a {@code %%} line, the value
 * of a name, or else the argument itself.
 */
final class Source {

  /** A name with its parts, such as R's {@code frame$column}; TeX has its dollars at both ends. */
  private static final Pattern NAME =
      Pattern.compile(
          "[\\p{L}_][\\p{L}\\p{N}_]*([.$][\\p{L}_][\\p{L}\\p{N}_]*)*",
          Pattern.UNICODE_CHARACTER_CLASS);

  private Source() {}

  /** Returns whether an argument is written as the name of a value. */
  static boolean isName(String argument) {
    return NAME.matcher(argument).matches();
  }

  /**
   * Returns the text.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if there is none
   */
  static String text(MagicCall call, MagicContext context) throws MagicException {
    String argument = call.argument();
    if (!call.body().isBlank()) {
      if (!argument.isEmpty()) {
        throw new MagicException(
            MagicException.USAGE_ERROR,
            "%%" + call.name() + " takes the lines below it, and nothing beside it");
      }
      return call.body();
    }
    if (argument.isEmpty()) {
      throw new MagicException(
          MagicException.USAGE_ERROR,
          "%" + call.name() + " takes a name or a text; %%" + call.name() + " the lines below it");
    }
    return isName(argument) ? text(argument, context.lookup(argument)) : argument;
  }

  private static String text(String name, PlainValue value) throws MagicException {
    if (value instanceof PlainValue.Text text) {
      return text.value();
    } else if (value instanceof PlainValue.Binary bytes) {
      return new String(bytes.value(), StandardCharsets.UTF_8);
    }
    throw new MagicException(MagicException.VALUE_ERROR, name + " is no text");
  }
}
