package io.polybius.magic;

import java.util.List;

/**
 * A magic as the user wrote it.
 *
 * @param name the word after the percent signs
 * @param argument the rest of that line, without surrounding blanks
 * @param body the lines below {@code %%name}, exactly as written; empty for {@code %name}
 */
public record MagicCall(String name, String argument, String body) {

  /** Returns the words of the argument. */
  public List<String> words() {
    return argument.isEmpty() ? List.of() : List.of(argument.split("\\s+"));
  }

  /**
   * Checks that nothing but blank lines is below the command, for magics of one line.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if there is a body
   */
  public void requireNoBody() throws MagicException {
    if (!body.isBlank()) {
      throw new MagicException(
          MagicException.USAGE_ERROR,
          "%" + name + " takes one line; nothing may follow it in a %%" + name + " cell");
    }
  }
}
