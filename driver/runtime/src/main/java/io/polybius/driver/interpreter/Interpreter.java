package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import io.polybius.magic.TableRules;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;

/**
 * A language. All methods but {@link #interrupt} are called by the statement thread or under the
 * same lock, never twice at once; but while the code of a statement itself runs, questions may be
 * asked ({@link Execution#unlocked}).
 */
public interface Interpreter extends AutoCloseable {

  /** The statement that is executed. */
  interface Execution {

    /** Takes an echo or the value; what the code prints goes to the process's own streams. */
    void put(StatementOutput output);

    /** Takes UTF-8 bytes that the code prints in another process; they may end in a character. */
    void print(StreamName stream, byte[] bytes, int offset, int length);

    /** Notes a table that the statement shows, all of which its clients may want later. */
    default void showsTable(Dataset<?> frame) {}

    /**
     * Asks the user for a line, and waits for it.
     *
     * @param prompt what to show before it
     * @param password whether not to show what is typed
     * @return the line, nothing if there are no more
     * @throws io.polybius.notebook.NoInputException if nobody can be asked
     * @throws java.util.concurrent.CancellationException if the statement is cancelled
     */
    Optional<String> ask(String prompt, boolean password) throws InterruptedException;

    /** Returns whether the user can be asked. */
    default boolean mayAsk() {
      return false;
    }

    /** From now on the calling thread works for the statement: its Spark jobs, and its printing. */
    void adopt();

    /** Tells, between statements, whether to stop. */
    boolean isCancelled();

    /** Tells whether the value is wanted in forms that have to be computed. */
    boolean wantsRichValue();

    /** Returns the number of the line of the user's cell in which the code begins, from 1. */
    int firstLine();

    /**
     * Runs the user's own code. Others may ask questions meanwhile.
     *
     * @param code must not use the compiler, and must not throw
     */
    <T> T unlocked(Supplier<T> code);

    /** One that nobody looks at. */
    Execution UNSEEN = unseen(() -> false);

    /**
     * Returns one that nobody looks at.
     *
     * @param isCancelled tells whether to stop
     */
    static Execution unseen(BooleanSupplier isCancelled) {
      return new Execution() {
        @Override
        public void put(StatementOutput output) {}

        @Override
        public void print(StreamName stream, byte[] bytes, int offset, int length) {}

        @Override
        public Optional<String> ask(String prompt, boolean password) {
          return Optional.empty();
        }

        @Override
        public void adopt() {}

        @Override
        public boolean isCancelled() {
          return isCancelled.getAsBoolean();
        }

        @Override
        public boolean wantsRichValue() {
          return false;
        }

        @Override
        public int firstLine() {
          return 1;
        }

        @Override
        public <T> T unlocked(Supplier<T> code) {
          return code.get();
        }
      };
    }
  }

  /** How many elements of a collection can be shared. */
  int MAX_SHARED = 1_000_000;

  /** Returns the kind of statements that it runs, by canonical name. */
  String kind();

  /**
   * Gets ready to run statements; called before each of them.
   *
   * @throws StatementException if that fails
   */
  default void prepare(Execution execution) throws StatementException {}

  /**
   * Returns whether the language has a magic of that name of its own, which is code for it. Those
   * of the driver come first.
   */
  default boolean hasMagic(String name) {
    return false;
  }

  /** Returns whether what looks like a magic that nobody knows is code of the language. */
  default boolean takesUnknownMagics() {
    return false;
  }

  /** Returns whether the language has a magic of that name that takes a whole cell. */
  default boolean hasCellMagic(String name) {
    return hasMagic(name);
  }

  /** Returns how rows of this language make a table. */
  default TableRules tableRules() {
    return TableRules.SCALA;
  }

  /**
   * Shares what a variable holds.
   *
   * @param variable a variable
   * @param name under which it is shared from now on
   * @throws MagicException if there is no such variable, or it cannot be shared
   */
  default void share(String variable, String name, SharedValues values) throws MagicException {
    PlainValue value = variable(variable, MAX_SHARED).value();
    if ((value instanceof PlainValue.Sequence sequence && sequence.extent().truncated())
        || (value instanceof PlainValue.Table table && table.extent().truncated())) {
      throw new MagicException(
          MagicException.VALUE_ERROR, variable + " is too long to be shared; a DataFrame is not");
    }
    values.put(name, kind(), new SharedValue.Data(value));
  }

  /**
   * Defines a variable with something that is shared.
   *
   * @param variable to define
   * @param name under which it is shared
   * @throws MagicException if nothing is, or this language cannot take it
   * @throws StatementException if defining it fails
   */
  default void define(String variable, String name, SharedValues values, Execution execution)
      throws MagicException, StatementException {
    throw new MagicException(
        MagicException.VALUE_ERROR, "statements of kind " + kind() + " take no shared values");
  }

  /**
   * Returns the names of the language's own magics.
   *
   * @param cell whether those that take a whole cell, or a line
   */
  default List<String> magicNames(boolean cell) {
    return List.of();
  }

  /** Returns what the language's users are told of a magic that nobody knows. */
  default String unknownMagic(String name) {
    return "Unknown magic command " + name;
  }

  /**
   * Runs code without magics, and stops at the first error.
   *
   * @param code whole statements, lines separated by {@code \n}
   * @throws StatementException if the code is wrong, fails or is incomplete
   */
  void execute(String code, Execution execution) throws StatementException;

  /**
   * Returns the value of an expression. Defines nothing, and puts nothing out but what the
   * expression prints.
   *
   * @throws StatementException if it is wrong or fails
   */
  MimeBundle evaluate(String expression, Execution execution) throws StatementException;

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
   * Describes the name at the cursor, or the method in whose parentheses the cursor is. Runs
   * nothing, and defines nothing.
   *
   * @param code the text, also what follows the cursor
   * @param cursor an offset in it
   * @param detailed whether to tell all there is
   */
  Optional<MimeBundle> inspect(String code, int cursor, boolean detailed);

  /**
   * Returns what a variable holds.
   *
   * @param name a variable
   * @param maxRows how much of a distributed or endless collection to fetch
   * @throws MagicException if there is no such variable or it has no plain form
   */
  Variable variable(String name, int maxRows) throws MagicException;

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
