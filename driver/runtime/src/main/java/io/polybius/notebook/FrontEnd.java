package io.polybius.notebook;

import io.polybius.driver.protocol.StatementOutput;
import java.util.Map;
import java.util.Optional;

/** What the driver does for a {@link Kernel}. Code in notebooks has no need of it. */
public interface FrontEnd {

  /**
   * Puts something out, after what was printed before.
   *
   * @throws IllegalArgumentException if it is too large
   */
  void put(StatementOutput output);

  /**
   * Asks the user for a line.
   *
   * @param prompt what to show before it
   * @param password whether not to show what is typed
   * @return the line, nothing if there is no more input
   * @throws NoInputException if nobody can be asked
   */
  Optional<String> ask(String prompt, boolean password) throws InterruptedException;

  /**
   * Returns the text of a JSON value.
   *
   * @param value such a text, or a value of the language
   * @throws IllegalArgumentException if it cannot be JSON
   */
  String json(Object value);

  /**
   * Returns the entries of a map.
   *
   * @param map a map of the language or of Java
   * @throws IllegalArgumentException if it is no map
   */
  Map<?, ?> entries(Object map);

  /**
   * Shares a value with the other languages and the other clients.
   *
   * @throws IllegalArgumentException if it cannot be shared
   */
  void share(String name, Object value);

  /**
   * Returns what is shared under a name, which can be null.
   *
   * @throws java.util.NoSuchElementException if nothing is
   */
  Object shared(String name);
}
