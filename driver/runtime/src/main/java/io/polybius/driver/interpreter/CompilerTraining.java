package io.polybius.driver.interpreter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Runs harmless statements through a REPL of its own, to make the JVM load and compile the
 * compiler. The user's REPL is not touched, and does not wait.
 */
public final class CompilerTraining implements AutoCloseable {

  /** One of each shape of statement that people write; the number keeps names apart. */
  private static final List<IntFunction<String>> STATEMENTS =
      List.of(
          n -> n + " + 1",
          n -> "val value" + n + " = " + n,
          n -> "Seq(1, 2, 3).map(_ + " + n + ").filter(_ % 2 == 0).sum",
          n -> "s\"text ${1 + " + n + "}\"",
          n -> "case class Row" + n + "(id: Int, name: String)",
          n -> "def twice" + n + "(x: Int): Int = x * 2");

  /** Asked how to go on after the statements of each round. */
  private static final String UNFINISHED = "Seq(1, 2, 3).ma";

  private final ScalaBridge bridge;

  /**
   * Starts the REPL.
   *
   * @param directory for the classes that it compiles
   */
  public CompilerTraining(Path directory) throws IOException {
    bridge = new ScalaBridge(Files.createDirectories(directory).toString());
  }

  /** Runs one statement, the {@code number}th, or completes one. */
  public void step(int number) {
    int shape = number % (STATEMENTS.size() + 1);
    if (shape == STATEMENTS.size()) {
      bridge.complete(UNFINISHED, UNFINISHED.length());
    } else {
      String code = STATEMENTS.get(shape).apply(number);
      bridge.parse(code);
      bridge.interpret(code, ScalaBridge.Unlocked.ALONE);
    }
  }

  @Override
  public void close() {
    bridge.close();
  }
}
