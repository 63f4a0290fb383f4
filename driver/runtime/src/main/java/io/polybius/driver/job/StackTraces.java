package io.polybius.driver.job;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What clients are shown of what a job throws. */
final class StackTraces {

  /** More than that helps nobody. */
  private static final int MAX_CHARS = 100_000;

  private StackTraces() {}

  /** Returns the stack trace as Java prints it. */
  static String of(Throwable thrown) {
    StringWriter text = new StringWriter();
    try (PrintWriter writer = new PrintWriter(text)) {
      thrown.printStackTrace(writer);
    } catch (RuntimeException e) {
      // The message is made by code of the user's.
      return thrown.getClass().getName() + ", which does not even say why: " + e.getClass();
    }
    return shortened(text.toString());
  }

  /** Returns a text that can be sent in one piece. */
  static String shortened(String text) {
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "...";
  }
}
