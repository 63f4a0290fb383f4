package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/**
 * A command that a user writes as {@code %name argument}, or as a cell {@code %%name argument} with
 * a body.
 *
 * <p>Magics of other authors are found with {@link java.util.ServiceLoader}, so they need a public
 * constructor without parameters. One object serves a whole session, one call at a time.
 */
public interface Magic {

  /**
   * Returns the name without percent signs: a small letter, then small letters, digits or {@code
   * _}. Users may write it with capital letters, too.
   */
  String name();

  /**
   * Returns one line that says what the magic does, then a line feed, then how to write it. The
   * first line is what {@code %lsmagic} shows, the whole text is what {@code %help} shows.
   */
  String help();

  /** Returns other names for it, such as those that other kernels have. */
  default List<String> aliases() {
    return List.of();
  }

  /**
   * Returns whether a magic of the same name that the language itself has comes first, as those of
   * IPython do that its users know.
   */
  default boolean yieldsToLanguage() {
    return false;
  }

  /**
   * Returns whether the result is something to read beside the output of statements, rather than a
   * part of it.
   */
  default boolean isForReading() {
    return false;
  }

  /**
   * Runs the command.
   *
   * @param call what the user wrote
   * @param context the values of the session
   * @return the result in every form that this magic can make, the most specific first; an empty
   *     bundle if there is nothing to show
   * @throws MagicException if the command cannot be carried out; what the user's own code throws
   *     while a value is computed comes through as it is
   */
  MimeBundle run(MagicCall call, MagicContext context) throws MagicException;
}
