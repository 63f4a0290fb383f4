package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A language. All methods but {@link #interrupt} are called by the statement thread or under the
 * same lock, never twice at once.
 */
public interface Interpreter extends AutoCloseable {

  /** Returns the kind of statements that it runs, by canonical name. */
  String kind();

  /**
   * Runs code without magics, and stops at the first error.
   *
   * @param code whole statements, lines separated by {@code \n}
   * @param output gets echoes and the value; what the code prints goes to the process's own streams
   * @param cancelled tells, between statements, whether to stop
   * @throws StatementException if the code is wrong, fails or is incomplete
   */
  void execute(String code, Consumer<StatementOutput> output, BooleanSupplier cancelled)
      throws StatementException;

  /** Tells whether a text is a whole statement. */
  CompletenessChecked completeness(int requestId, String code);

  /**
   * Finds out how a text could go on. Runs nothing of it, and defines nothing.
   *
   * @param code the text, also what follows the cursor
   * @param cursor an offset in it
   */
  Completion complete(String code, int cursor);

  /**
   * Returns what a variable holds, as plain data.
   *
   * @param name a variable
   * @param maxRows how much of a distributed or endless collection to fetch
   * @throws MagicException if there is no such variable or it has no plain form
   */
  PlainValue value(String name, int maxRows) throws MagicException;

  /**
   * Stops the code that {@code running} executes. Called again and again, from another thread,
   * until it has stopped.
   *
   * @param running the statement thread
   * @param elapsed since the first call for this statement
   */
  void interrupt(Thread running, Duration elapsed);

  /** Frees what the language holds. */
  @Override
  void close();
}
