package io.polybius.driver.interpreter;

import io.polybius.driver.interpreter.PresentationCompiler.Meaning;
import io.polybius.driver.interpreter.ScalaBridge.CompiledLine;
import io.polybius.driver.interpreter.ScalaBridge.Interpreted;
import io.polybius.driver.interpreter.ScalaBridge.Outcome;
import io.polybius.driver.interpreter.ScalaBridge.Parsed;
import io.polybius.driver.interpreter.ScalaBridge.StatementKind;
import io.polybius.driver.interpreter.ScalaBridge.TopLevel;
import io.polybius.driver.interpreter.ScalaBridge.Unlocked;
import io.polybius.driver.interpreter.UserTraces.Cell;
import io.polybius.driver.interpreter.UserTraces.Place;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.magic.MagicException;
import java.net.URL;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;

/**
 * Scala over the REPL of the Spark that runs, with {@code spark}, {@code sc} and the imports that
 * Livy has.
 *
 * <p>A statement is taken apart into its top-level statements, and these run one after the other,
 * as if they had been typed into the REPL: what came before an error stays defined. Declarations
 * that stand together are compiled together, so that they can refer to each other.
 */
final class ScalaInterpreter implements Interpreter {

  /** Brings the session into the REPL; compiled while Spark still starts, runs when it is up. */
  private static final String PRELUDE =
      """
      @transient val spark = io.polybius.driver.interpreter.SparkSlot.await().asInstanceOf[org.apache.spark.sql.SparkSession]
      @transient val sc = spark.sparkContext
      import org.apache.spark.SparkContext._
      import spark.implicits._
      import spark.sql
      import org.apache.spark.sql.functions._
      import io.polybius.notebook.Notebook.kernel
      """;

  /** Time to let a cancelled Spark job, and then an interrupted thread, end by themselves. */
  private static final Duration BEFORE_INTERRUPT = Duration.ofMillis(300);

  private static final Duration BEFORE_STOP = Duration.ofMillis(1200);

  private static final int VALUE_ELEMENTS = 1000;
  private static final int VALUE_CHARS = 100_000;
  private static final Pattern RESULT_ECHO =
      Pattern.compile("^(?:val )?(res\\d+): ", Pattern.MULTILINE);
  private static final Pattern IMPORT_ECHO = Pattern.compile("^import .*\n", Pattern.MULTILINE);

  /** What kernel.html and the like return is to be used; what they show is there already. */
  private static final Pattern DISPLAY_ECHO =
      Pattern.compile(
          "^(?:val )?res\\d+: io\\.polybius\\.notebook\\.Display = .*\n", Pattern.MULTILINE);

  private static final int MAX_MEMBERS = 200;

  private final UserTraces traces = new UserTraces();
  private final ScalaBridge bridge;

  /** What the compiler is to learn of before the next statement. */
  private final Queue<URL> unknownJars = new ConcurrentLinkedQueue<>();

  /**
   * Starts the REPL. Returns when Spark is up too and statements can run.
   *
   * @param classDirectory an existing directory, the one that Spark serves to its executors
   */
  ScalaInterpreter(Path classDirectory) {
    bridge = new ScalaBridge(classDirectory.toString());
    Interpreted prelude = bridge.interpret(PRELUDE, Unlocked.ALONE);
    if (prelude.outcome() != Outcome.SUCCESS) {
      bridge.close();
      throw new IllegalStateException("the Scala REPL could not be set up: " + prelude.text());
    }
  }

  @Override
  public String kind() {
    return "spark";
  }

  /** Returns the loader of the classes that statements define. */
  ClassLoader classLoader() {
    return bridge.classLoader();
  }

  /** Lets statements use the classes of jars. */
  void addJars(List<URL> jars) {
    bridge.addJars(jars);
  }

  /**
   * Lets what runs find the classes of jars at once, and statements when the next one begins. May
   * be called by any thread.
   */
  void addJarsBeside(List<URL> jars) {
    bridge.loadFrom(jars);
    unknownJars.addAll(jars);
  }

  @Override
  public void prepare(Execution execution) {
    List<URL> jars = new ArrayList<>();
    for (URL jar = unknownJars.poll(); jar != null; jar = unknownJars.poll()) {
      jars.add(jar);
    }
    if (!jars.isEmpty()) {
      bridge.addJars(jars);
    }
  }

  @Override
  public void execute(String code, Execution execution) throws StatementException {
    Parsed parsed = bridge.parse(code);
    if (parsed.incomplete()) {
      throw incomplete();
    }
    Cell cell = Cell.of(code, execution.firstLine());
    List<Piece> pieces = parsed.wrong() ? List.of(new Piece(false, 0, code)) : pieces(code, parsed);
    StringBuilder definitions = new StringBuilder();
    for (int i = 0; i < pieces.size(); i++) {
      if (execution.isCancelled()) {
        throw new StatementException(StatementError.interrupted());
      }
      Piece piece = pieces.get(i);
      String echo = DISPLAY_ECHO.matcher(run(piece, cell, code, execution)).replaceAll("");
      if (!echo.isEmpty()) {
        execution.put(new StatementOutput.Echo(echo));
      }
      definitions.append(IMPORT_ECHO.matcher(echo).replaceAll(""));
      if (i == pieces.size() - 1) {
        String shown = definitions.toString().stripTrailing();
        Optional<MimeBundle> value =
            piece.expression()
                ? expressionValue(echo, cell, execution)
                : Optional.of(MimeBundle.text(shown));
        value
            .filter(bundle -> !bundle.find(MimeBundle.TEXT).orElseThrow().data().isBlank())
            .ifPresent(bundle -> execution.put(new StatementOutput.Value(bundle)));
      }
    }
  }

  @Override
  public MimeBundle evaluate(String expression, Execution execution) throws StatementException {
    Cell cell = Cell.of(expression, 1);
    Interpreted evaluated = bridge.evaluate(expression, user(cell, expression, 0, execution));
    if (evaluated.thrown().isPresent()) {
      Throwable thrown = evaluated.thrown().get();
      throw failed(thrown, framesOf(thrown), cell, execution);
    } else if (evaluated.outcome() == Outcome.SUCCESS) {
      return bundle(evaluated.value(), cell, execution);
    }
    throw evaluated.outcome() == Outcome.INCOMPLETE
        ? incomplete()
        : new StatementException(
            compileError(evaluated.text(), Place.of(cell, expression, 0, evaluated.line())));
  }

  @Override
  public CompletenessChecked completeness(int requestId, String code) {
    Parsed parsed = bridge.parse(code);
    if (parsed.incomplete()) {
      return new CompletenessChecked(requestId, Completeness.INCOMPLETE, nextIndent(code));
    }
    return new CompletenessChecked(
        requestId, parsed.wrong() ? Completeness.INVALID : Completeness.COMPLETE, "");
  }

  @Override
  public Completion complete(String code, int cursor) {
    return bridge.complete(code, cursor);
  }

  @Override
  public Optional<MimeBundle> inspect(String code, int cursor, boolean detailed) {
    return NameAtCursor.find(code, cursor)
        .flatMap(
            name ->
                bridge
                    .meaning(code, name.end(), detailed)
                    .map(meaning -> description(name.text(), meaning)));
  }

  private MimeBundle description(String name, Meaning meaning) {
    List<String> lines = new ArrayList<>(meaning.declarations());
    if (meaning.variable() && !bridge.isRunning()) {
      bridge.valueOf(name).flatMap(ScalaValues::glance).ifPresent(text -> lines.add("= " + text));
    }
    lines.add("");
    lines.add(meaning.owner().isEmpty() ? "Defined in this session." : "In " + meaning.owner());
    if (!meaning.members().isEmpty()) {
      lines.add("");
      lines.add("Members:");
      meaning.members().stream().limit(MAX_MEMBERS).forEach(line -> lines.add("  " + line));
      if (meaning.members().size() > MAX_MEMBERS) {
        lines.add("  ... " + (meaning.members().size() - MAX_MEMBERS) + " more");
      }
    }
    return MimeBundle.text(String.join("\n", lines));
  }

  @Override
  public Variable variable(String name, int maxRows) throws MagicException {
    if (!bridge.defines(name)) {
      throw MagicException.noSuchValue(name);
    }
    Object value = bridge.valueOf(name).orElse(null);
    return value instanceof Dataset<?> frame
        ? Variable.of(frame, maxRows)
        : Variable.of(ScalaValues.plain(value, maxRows));
  }

  @Override
  public void share(String variable, String name, SharedValues values) throws MagicException {
    Object value = bridge.valueOf(variable).orElse(null);
    if (value instanceof Dataset<?> || value instanceof RDD<?>) {
      values.put(name, kind(), ScalaValues.shared(value));
    } else {
      Interpreter.super.share(variable, name, values);
    }
  }

  @Override
  public void define(String variable, String name, SharedValues values, Execution execution)
      throws MagicException, StatementException {
    SharedValue value = values.getAsItIs(name);
    if (!SharedValues.isName(name)) {
      throw new MagicException(
          MagicException.VALUE_ERROR,
          name + " is no name of a variable; kernel.shared(...) returns what is shared under it");
    }
    execute(
        (value instanceof SharedValue.Data ? "" : "@transient ")
            + "val `"
            + variable
            + "` = _root_.io.polybius.notebook.Notebook.kernel.shared(\""
            + name
            + "\").asInstanceOf["
            + typeOf(value)
            + "]",
        execution);
  }

  private static String typeOf(SharedValue value) {
    if (value instanceof SharedValue.Data data) {
      return ScalaObjects.typeOf(data.value());
    } else if (value instanceof SharedValue.Frame) {
      return "org.apache.spark.sql.DataFrame";
    } else if (value instanceof SharedValue.Elements) {
      return "org.apache.spark.rdd.RDD[Any]";
    }
    return "Any";
  }

  /**
   * Lets the compiler finish, then interrupts the thread, and then, because an endless loop notices
   * no interrupt, stops it.
   */
  @Override
  @SuppressWarnings("removal")
  public void interrupt(Thread running, Duration elapsed) {
    if (elapsed.compareTo(BEFORE_INTERRUPT) < 0 || !isInUserCode(running)) {
      return;
    }
    if (elapsed.compareTo(BEFORE_STOP) < 0) {
      running.interrupt();
    } else {
      running.stop();
    }
  }

  @Override
  public void close() {
    bridge.close();
  }

  /** A part of a statement that the REPL gets in one go. */
  private record Piece(boolean expression, int start, String code) {}

  private static List<Piece> pieces(String code, Parsed parsed) {
    List<Piece> pieces = new ArrayList<>();
    List<TopLevel> all = parsed.statements();
    for (int i = 0; i < all.size(); i++) {
      int start = all.get(i).start();
      boolean declaration = all.get(i).kind() == StatementKind.DECLARATION;
      while (declaration
          && i + 1 < all.size()
          && all.get(i + 1).kind() == StatementKind.DECLARATION) {
        i++;
      }
      pieces.add(
          new Piece(
              all.get(i).kind() == StatementKind.EXPRESSION,
              start,
              code.substring(start, all.get(i).end())));
    }
    return pieces;
  }

  private String run(Piece piece, Cell cell, String code, Execution execution)
      throws StatementException {
    Interpreted interpreted =
        bridge.interpret(piece.code(), user(cell, code, piece.start(), execution));
    switch (interpreted.outcome()) {
      case SUCCESS:
        return interpreted.text();
      case INCOMPLETE:
        throw incomplete();
      default:
        if (interpreted.thrown().isPresent()) {
          Throwable thrown = interpreted.thrown().get();
          throw failed(thrown, frames(interpreted.text(), thrown), cell, execution);
        } else if (execution.isCancelled()) {
          throw new StatementException(StatementError.interrupted());
        }
        throw new StatementException(
            compileError(
                interpreted.text(), Place.of(cell, code, piece.start(), interpreted.line())));
    }
  }

  private Unlocked user(Cell cell, String code, int start, Execution execution) {
    return new Unlocked() {
      @Override
      public <T> T run(CompiledLine line, Supplier<T> runs) {
        traces.remember(line, Place.of(cell, code, start, line));
        return execution.unlocked(runs);
      }
    };
  }

  private Optional<MimeBundle> expressionValue(String echo, Cell cell, Execution execution)
      throws StatementException {
    Matcher matcher = RESULT_ECHO.matcher(echo);
    if (!matcher.find() || !matcher.group(1).equals(bridge.mostRecentVariable())) {
      return Optional.empty();
    }
    Object value = bridge.valueOf(matcher.group(1)).orElse(null);
    MimeBundle bundle = bundle(value, cell, execution);
    if (value instanceof Dataset<?> frame) {
      execution.showsTable(frame);
    }
    return Optional.of(bundle);
  }

  /** Returns a value in all forms that are wanted of it. */
  private MimeBundle bundle(Object value, Cell cell, Execution execution)
      throws StatementException {
    if (execution.wantsRichValue() && value instanceof Dataset<?> frame && !frame.isStreaming()) {
      int rows = TableValue.rows(frame);
      if (rows > 0) {
        return table(frame, rows, cell, execution);
      }
    }
    String text = scala.runtime.ScalaRunTime.replStringOf(value, VALUE_ELEMENTS).strip();
    return MimeBundle.text(
        text.length() <= VALUE_CHARS ? text : text.substring(0, VALUE_CHARS) + "...");
  }

  private MimeBundle table(Dataset<?> frame, int rows, Cell cell, Execution execution)
      throws StatementException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Optional<MimeBundle> table =
        bridge.whileRunning(
            () ->
                execution.unlocked(
                    () -> {
                      try {
                        return Optional.of(TableValue.of(frame, rows));
                      } catch (Throwable e) {
                        failure.set(e);
                        return Optional.empty();
                      }
                    }));
    if (table.isEmpty()) {
      throw failed(failure.get(), framesOf(failure.get()), cell, execution);
    }
    return table.get();
  }

  /** Returns what a user is told of what his code has thrown. */
  private StatementException failed(
      Throwable thrown, List<String> frames, Cell cell, Execution execution) {
    if (thrown instanceof ThreadDeath) {
      // Its trace is that of the thread that has stopped the user's.
      return new StatementException(StatementError.interrupted());
    }
    List<String> trace = traces.of(thrown, cell);
    return new StatementException(
        execution.isCancelled()
            ? StatementError.interrupted(frames, trace)
            : new StatementError(
                Origin.USER_CODE,
                thrown.getClass().getName(),
                thrown.getMessage() == null ? "" : thrown.getMessage(),
                frames,
                trace));
  }

  /**
   * Whether a statement's code runs, and has not just called into the driver itself, whose locks
   * must not be left in disorder.
   */
  private static boolean isInUserCode(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      if (frame.getClassName().startsWith("$line")) {
        return true;
      } else if (frame.getClassName().startsWith("io.polybius.")) {
        return false;
      }
    }
    return false;
  }

  private static String nextIndent(String code) {
    String lastLine = code.substring(code.lastIndexOf('\n') + 1);
    String indent = lastLine.substring(0, lastLine.length() - lastLine.stripLeading().length());
    return lastLine.stripTrailing().matches(".*[{(\\[=>]") ? indent + "  " : indent;
  }

  private static StatementException incomplete() {
    return new StatementException(
        new StatementError(
            Origin.INCOMPLETE, "IncompleteStatement", "incomplete statement", List.of()));
  }

  private static StatementError compileError(String text, Place place) {
    List<String> lines = new ArrayList<>(text.stripTrailing().lines().toList());
    // Scala 2.13 points at the place first, and then says what is wrong there.
    String message =
        lines.stream()
            .filter(line -> line.contains("error: "))
            .findFirst()
            .or(() -> lines.stream().findFirst())
            .orElse("the code could not be compiled");
    lines.remove(message);
    if (!lines.isEmpty() && lines.get(0).strip().equals("^")) {
      lines.add(0, UserTraces.onlyLine(place));
    }
    return new StatementError(
        Origin.COMPILER,
        "CompileError",
        UserTraces.withLine(message.strip(), place),
        lines,
        UserTraces.ofCompiler(text, place));
  }

  private static List<String> framesOf(Throwable thrown) {
    return Arrays.stream(thrown.getStackTrace()).map(frame -> "  at " + frame).toList();
  }

  /** Returns what the prompt printed after the exception's own description. */
  private static List<String> frames(String text, Throwable thrown) {
    // As the prompt makes it up, which is not always what the exception's toString says.
    String name = thrown.getClass().getName();
    String description = thrown.getMessage() == null ? name : name + ": " + thrown.getMessage();
    String rest =
        text.startsWith(description)
            ? text.substring(description.length())
            : text.substring(Math.max(0, text.indexOf('\n')));
    return rest.lines().filter(line -> !line.isBlank()).toList();
  }
}
