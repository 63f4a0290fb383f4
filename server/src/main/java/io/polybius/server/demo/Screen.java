package io.polybius.server.demo;

import java.io.PrintWriter;

/** Writes the demonstration into a terminal, in colours where there are any. For one thread. */
public final class Screen {

  private static final String BOLD = "1";
  private static final String DIM = "2";
  private static final String RED = "31";
  private static final String GREEN = "32";
  private static final String BLUE = "34";

  private final PrintWriter out;
  private final boolean coloured;
  private boolean inLine;

  /**
   * Makes one.
   *
   * @param out where to write; flushed with every call
   * @param coloured whether to send colour codes
   */
  public Screen(PrintWriter out, boolean coloured) {
    this.out = out;
    this.coloured = coloured;
  }

  /** Begins a part. */
  void title(String text) {
    line("");
    line(colour(BOLD, "== " + text + " =="));
  }

  /** Says what is going on. */
  public void say(String text) {
    line(text);
  }

  /** Says how far something is. */
  void progress(String text) {
    line(colour(DIM, "   " + text));
  }

  /** Shows a text that is there to be read. */
  void prose(String text) {
    line("");
    text.lines().forEach(line -> line(colour(DIM, line)));
  }

  /** Shows code that is about to run. */
  void code(String text) {
    line("");
    String prompt = "> ";
    for (String line : text.lines().toList()) {
      line(colour(GREEN, prompt + line));
      prompt = ". ";
    }
  }

  /** Shows what code has printed, as it comes. */
  void stream(String text) {
    out.print(text);
    out.flush();
    inLine = !text.isEmpty() && !text.endsWith("\n");
  }

  /** Shows a result. */
  void result(String text) {
    text.lines().forEach(line -> line(colour(BLUE, line)));
  }

  /** Shows what went wrong. */
  void error(String text) {
    text.lines().forEach(line -> line(colour(RED, line)));
  }

  private void line(String text) {
    if (inLine) {
      out.println();
      inLine = false;
    }
    out.println(text);
    out.flush();
  }

  private String colour(String code, String text) {
    return coloured && !text.isEmpty() ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}
