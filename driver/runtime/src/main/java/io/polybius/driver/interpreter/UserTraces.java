package io.polybius.driver.interpreter;

import io.polybius.driver.interpreter.ScalaBridge.CompiledLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import scala.reflect.NameTransformer$;

/**
 * Tells where in their cells users' code went wrong: the line itself, and the calls that led there
 * without those of the machinery around them.
 */
final class UserTraces {

  /** Code that is older than so many statements is not shown any more. */
  private static final int MAX_PLACES = 2000;

  private static final int CONTEXT_LINES = 2;
  private static final int MAX_LINE_CHARS = 200;
  private static final int MAX_FRAMES = 20;
  private static final int MAX_FOREIGN_FRAMES = 5;
  private static final int MAX_CAUSES = 5;
  private static final int MAX_MESSAGE_LINES = 20;

  private static final List<String> MACHINERY =
      List.of(
          "java.lang.reflect.",
          "java.lang.invoke.",
          "java.lang.Thread",
          "java.util.concurrent.",
          "jdk.internal.",
          "sun.reflect.",
          "scala.runtime.",
          "scala.tools.",
          "org.apache.spark.",
          "io.polybius.");

  private static final Pattern WRAPPED =
      Pattern.compile("(\\$line\\d+)\\.\\$read\\$?(?:\\$\\$?iw\\$?)*\\$?(.*)");
  private static final Pattern FUNCTION = Pattern.compile("\\$anonfun\\$(.+?)\\$\\d+.*");
  private static final Pattern RESULT_NAME = Pattern.compile("new|res\\d+|<init>|<local .*");
  private static final Pattern COMPILER_LINE =
      Pattern.compile("(?:<console>:(\\d+): |On line (\\d+): )(.*)");

  private static final Pattern COMPLAINT = Pattern.compile("\\s*((?:error|warning): .*)");

  /** How far Scala 2.13 moves code to the right. */
  private static final String INDENT = " ".repeat(7);

  private final Map<String, Place> places =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Place> eldest) {
          return size() > MAX_PLACES;
        }
      };

  /**
   * A cell's code.
   *
   * @param lines its lines
   * @param firstLine the number of the first of them in the cell as its user sees it
   */
  record Cell(List<String> lines, int firstLine) {

    /** Returns the cell of some code. */
    static Cell of(String code, int firstLine) {
      return new Cell(code.lines().toList(), firstLine);
    }
  }

  /**
   * Where the compiler's lines are in a cell.
   *
   * @param cell the cell
   * @param shift what to add to a line's number in the eyes of the compiler to get its number in
   *     the cell
   */
  record Place(Cell cell, int shift) {

    /** Returns where a part of a cell is that begins at an offset of its code. */
    static Place of(Cell cell, String code, int start, CompiledLine compiled) {
      int linesBefore = (int) code.substring(0, start).chars().filter(c -> c == '\n').count();
      return new Place(cell, cell.firstLine() + linesBefore - 1 - compiled.before());
    }

    int lineOf(int compilersLine) {
      return compilersLine + shift;
    }

    Optional<String> text(int line) {
      int index = line - cell.firstLine();
      return index >= 0 && index < cell.lines().size()
          ? Optional.of(cut(cell.lines().get(index)))
          : Optional.empty();
    }
  }

  /** Remembers where the code of a package of the REPL comes from. */
  void remember(CompiledLine compiled, Place place) {
    if (!compiled.name().isEmpty()) {
      places.put(compiled.name(), place);
    }
  }

  /** Returns the lines that show where something was thrown, and where its causes were. */
  List<String> of(Throwable thrown, Cell current) {
    Traced traced = traced(thrown, current);
    List<String> lines = new ArrayList<>(traced.quote());
    lines.addAll(traced.frames());
    Throwable cause = thrown.getCause();
    for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
      describe(cause).lines().limit(MAX_MESSAGE_LINES).forEach(lines::add);
      Traced ofCause = traced(cause, current);
      if (!ofCause.equals(traced)) {
        lines.addAll(ofCause.quote());
        lines.addAll(ofCause.frames());
      }
      traced = ofCause;
      cause = cause.getCause();
    }
    return lines;
  }

  /** The line where a user's code went wrong, and how it came there. */
  private record Traced(List<String> quote, List<String> frames) {}

  private static String describe(Throwable cause) {
    String message = cause.getMessage();
    return "Caused by: " + cause.getClass().getName() + (message == null ? "" : ": " + message);
  }

  private Traced traced(Throwable thrown, Cell current) {
    List<Frame> users = new ArrayList<>();
    List<String> shown = new ArrayList<>();
    List<String> foreign = new ArrayList<>();
    for (StackTraceElement element : thrown.getStackTrace()) {
      Optional<Frame> frame = frame(element);
      if (frame.isPresent()) {
        boolean again = !users.isEmpty() && users.get(users.size() - 1).equals(frame.get());
        boolean endOfCell = users.stream().anyMatch(frame.get()::comesFrom);
        if (!again && !endOfCell) {
          shown.addAll(foreign.subList(0, Math.min(MAX_FOREIGN_FRAMES, foreign.size())));
          users.add(frame.get());
          shown.add("  at " + frame.get().text(current));
        }
        foreign.clear();
      } else if (isMachinery(element)) {
        // What it calls in turn is as little of the user's business.
        foreign.clear();
      } else {
        foreign.add("  at " + element);
      }
    }
    List<String> frames = new ArrayList<>(shown.subList(0, Math.min(MAX_FRAMES, shown.size())));
    if (shown.size() > MAX_FRAMES) {
      frames.add("  ... " + (shown.size() - MAX_FRAMES) + " more");
    }
    return new Traced(users.isEmpty() ? List.of() : users.get(0).quote(), frames);
  }

  private static boolean isMachinery(StackTraceElement element) {
    return element.getClassName().startsWith("$line")
        || MACHINERY.stream().anyMatch(element.getClassName()::startsWith);
  }

  private Optional<Frame> frame(StackTraceElement element) {
    Matcher matcher = WRAPPED.matcher(element.getClassName());
    if (!matcher.matches() || element.getMethodName().endsWith("$adapted")) {
      return Optional.empty();
    }
    Place place = places.get(matcher.group(1));
    if (place == null || element.getLineNumber() < 1) {
      return Optional.empty();
    }
    return Optional.of(
        new Frame(
            matcher.group(1),
            decoded(matcher.group(2)),
            element.getMethodName(),
            place,
            place.lineOf(element.getLineNumber())));
  }

  private static String decoded(String className) {
    String name =
        className.endsWith("$") ? className.substring(0, className.length() - 1) : className;
    return NameTransformer$.MODULE$.decode(name).replace('$', '.');
  }

  /** A call in a user's code. */
  private record Frame(String compiled, String className, String method, Place place, int line) {

    private boolean isCellItself() {
      return className.isEmpty() && (method.equals("<init>") || method.equals("<clinit>"));
    }

    /** Whether this is only how the REPL reaches a cell's code that was seen already. */
    boolean comesFrom(Frame other) {
      return isCellItself() && other.isCellItself() && compiled.equals(other.compiled());
    }

    String text(Cell current) {
      Matcher function = FUNCTION.matcher(method);
      boolean inFunction = function.matches();
      String name = inFunction ? function.group(1) : method;
      boolean nameless =
          isCellItself()
              || inFunction && className.isEmpty() && RESULT_NAME.matcher(name).matches();
      String called =
          nameless
              ? ""
              : (className.isEmpty() ? "" : className + ".")
                  + NameTransformer$.MODULE$.decode(name);
      String where =
          place.cell() == current
              ? "cell line " + line
              : "line "
                  + line
                  + " of an earlier cell"
                  + place.text(line).map(text -> ": " + text.strip()).orElse("");
      return (called.isEmpty() ? where : called + " (" + where + ")")
          + (inFunction ? ", in a function" : "");
    }

    /** Returns the line in question, among those around it. */
    List<String> quote() {
      List<String> quote = new ArrayList<>();
      for (int i = line - CONTEXT_LINES; i <= line + CONTEXT_LINES; i++) {
        int number = i;
        String margin = i == line ? "----> %d " : "      %d ";
        place.text(i).ifPresent(text -> quote.add(String.format(margin, number) + text));
      }
      return quote;
    }
  }

  /** Returns what the compiler says, with the lines' numbers in the cell. */
  static List<String> ofCompiler(String text, Place place) {
    List<String> lines = new ArrayList<>();
    int only = place.lineOf(1);
    for (String line : text.lines().filter(each -> !each.isBlank()).toList()) {
      Matcher numbered = COMPILER_LINE.matcher(line);
      Matcher unnumbered = COMPLAINT.matcher(line);
      if (numbered.matches()) {
        String number = numbered.group(1) == null ? numbered.group(2) : numbered.group(1);
        lines.add(atLine(place, place.lineOf(Integer.parseInt(number)), numbered.group(3)));
      } else if (unnumbered.matches()) {
        lines.add(atLine(place, only, unnumbered.group(1)));
      } else {
        // Scala 2.13 points at a line that it does not repeat, if there is but one.
        if (lines.isEmpty() && line.strip().equals("^")) {
          lines.add(onlyLine(place));
        }
        lines.add(line);
      }
    }
    return lines;
  }

  /** Returns the code of one line at which Scala 2.13 points without repeating it. */
  static String onlyLine(Place place) {
    return INDENT + place.text(place.lineOf(1)).orElse("");
  }

  /** Returns a complaint of the compiler with a line's number in front, as Scala 2.12 says it. */
  static String withLine(String complaint, Place place) {
    Matcher numbered = COMPILER_LINE.matcher(complaint);
    if (numbered.matches() && numbered.group(2) != null) {
      int line = place.lineOf(Integer.parseInt(numbered.group(2)));
      return "<console>:" + line + ": " + numbered.group(3);
    }
    return COMPLAINT.matcher(complaint).matches()
        ? "<console>:" + place.lineOf(1) + ": " + complaint
        : complaint;
  }

  /** A complaint may be about what the compiler has put around the user's code. */
  private static String atLine(Place place, int line, String complaint) {
    return place.text(line).isPresent() ? "cell line " + line + ": " + complaint : complaint;
  }

  private static String cut(String line) {
    return line.length() <= MAX_LINE_CHARS ? line : line.substring(0, MAX_LINE_CHARS) + "...";
  }
}
