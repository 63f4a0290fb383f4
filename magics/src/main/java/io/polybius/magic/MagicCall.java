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
   * Returns the code that the magic is to run: the argument, or the lines below.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if there is none, or both
   */
  public String code() throws MagicException {
    if (argument.isEmpty() == body.isBlank()) {
      throw new MagicException(
          MagicException.USAGE_ERROR,
          "%" + name + " takes code on its line; %%" + name + " takes the lines below it");
    }
    return argument.isEmpty() ? body : argument;
  }

  /**
   * Checks that the command stands alone.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if it does not
   */
  public void requireNothing() throws MagicException {
    requireNoBody();
    if (!argument.isEmpty()) {
      throw new MagicException(MagicException.USAGE_ERROR, "%" + name + " takes no argument");
    }
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
