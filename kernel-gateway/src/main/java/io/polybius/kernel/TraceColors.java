package io.polybius.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Colours what notebooks show of errors, by ANSI escapes: what went wrong in red, where in green.
 */
final class TraceColors {

  private static final String RED = "\u001b[31m";
  private static final String GREEN = "\u001b[32m";
  private static final String BOLD_RED = "\u001b[1;31m";
  private static final String PLAIN = "\u001b[0m";

  private static final Pattern ARROW = Pattern.compile("^(-+> \\d+)( .*)?$");
  private static final Pattern CELL_LINE = Pattern.compile("\\bcell line \\d+");
  private static final Pattern CAUSE = Pattern.compile("^(Caused by: [^:]+)");
  private static final Pattern NAME = Pattern.compile("^([^:\\s]+)(?=$|: )");
  private static final Pattern COMPLAINT = Pattern.compile("\\b(error|warning): ");
  private static final Pattern CARET = Pattern.compile("^\\s*\\^\\s*$");

  private TraceColors() {}

  /**
   * Returns the lines for code that has thrown something.
   *
   * @param headline what was thrown; Spark's messages repeat a whole trace, which is left out
   * @param trace where
   */
  static List<String> of(String headline, List<String> trace) {
    List<String> lines = new ArrayList<>();
    headline
        .lines()
        .takeWhile(line -> !line.startsWith("\tat "))
        .map(
            line ->
                lines.isEmpty() ? NAME.matcher(line).replaceFirst(BOLD_RED + "$1" + PLAIN) : line)
        .forEach(lines::add);
    trace.stream().map(TraceColors::traceLine).forEach(lines::add);
    return lines;
  }

  private static String traceLine(String line) {
    String arrow = ARROW.matcher(line).replaceFirst(GREEN + "$1" + PLAIN + "$2");
    if (!arrow.equals(line)) {
      return arrow;
    }
    return CELL_LINE
        .matcher(CAUSE.matcher(line).replaceFirst(RED + "$1" + PLAIN))
        .replaceFirst(GREEN + "$0" + PLAIN);
  }

  /** Returns the lines for code that could not be compiled. */
  static List<String> ofCompiler(List<String> trace) {
    return trace.stream().map(TraceColors::compilerLine).toList();
  }

  private static String compilerLine(String line) {
    if (CARET.matcher(line).matches()) {
      return GREEN + line + PLAIN;
    }
    return COMPLAINT
        .matcher(CELL_LINE.matcher(line).replaceFirst(GREEN + "$0" + PLAIN))
        .replaceFirst(BOLD_RED + "$1" + PLAIN + ": ");
  }
}
