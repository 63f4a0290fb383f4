package io.polybius.driver.interpreter.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.StatementException;
import io.polybius.driver.interpreter.TableValue;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.interpreter.process.KeptProcess;
import io.polybius.driver.interpreter.process.ProcessEnded;
import io.polybius.driver.interpreter.process.WrittenAnswers;
import io.polybius.driver.interpreter.process.WrittenValues;
import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.magic.MagicException;
import io.polybius.magic.MagicLimits;
import io.polybius.magic.PlainValue;
import io.polybius.magic.TableDisplay;
import io.polybius.magic.TableRules;
import io.polybius.notebook.Comms;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Python in a process of its own, which starts with the first statement or before it and has {@code
 * spark}, {@code sc} and {@code sqlContext}. When that process ends, the statement that it runs
 * fails, and the next one starts another.
 */
public final class PythonInterpreter implements Interpreter {

  private static final Logger log = LoggerFactory.getLogger(PythonInterpreter.class);

  /** The kind of its statements and jobs. */
  public static final String KIND = "pyspark";

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Duration QUESTION_PATIENCE = Duration.ofMillis(1800);

  /** A Python that starts may have looked for files already, and is told of them once it is up. */
  private static final Duration START_PATIENCE = Duration.ofSeconds(60);

  /** It answers beside what it runs, but code that is not Python's may not let it. */
  private static final Duration INCLUDE_PATIENCE = Duration.ofSeconds(60);

  /** How often a statement that waits for Python looks whether it is cancelled. */
  private static final Duration START_POLL = Duration.ofMillis(100);

  private final Callable<SparkSession> session;
  private final SharedValues sharedValues;
  private final Comms comms;
  private final Path directory;

  private final KeptProcess<PythonProcess> process = new KeptProcess<>("Python", this::started);

  /**
   * The start of the process that is used or will be, so that whoever has something to say to it
   * does so at its end. Set where only one thread can be: before all use, and by the starter.
   */
  private volatile Optional<CompletableFuture<PythonProcess>> starting = Optional.empty();

  /** The statement in which magics look variables up. */
  private Execution statement = Execution.UNSEEN;

  /**
   * Makes one that starts nothing yet.
   *
   * @param session waits for Spark
   * @param sharedValues what the session shares
   * @param comms to the session's front ends
   * @param directory for the program that Python runs
   */
  public PythonInterpreter(
      Callable<SparkSession> session, SharedValues sharedValues, Comms comms, Path directory) {
    this.session = session;
    this.sharedValues = sharedValues;
    this.comms = comms;
    this.directory = directory;
  }

  /**
   * Starts Python before there is a statement for it. If that fails, the first statement says why.
   * To be called before all other methods, or never.
   */
  public void startAhead() {
    starting = Optional.of(start());
  }

  /**
   * Runs a job beside the statements, as long as it takes; starts Python for it if there is none.
   * May be called by any thread, several at a time.
   *
   * @throws IOException if Python does not start; the message is for the user
   * @throws InterruptedException if the job was cancelled before that
   * @throws ProcessEnded if Python ends meanwhile
   */
  public PythonJob.Outcome run(PythonJob job)
      throws IOException, InterruptedException, ProcessEnded {
    return process.runBeside(Execution.unseen(job::isCancelled), python -> python.run(job));
  }

  /** Interrupts a job; to be called again and again until that has ended, by any thread. */
  public void interruptJob(int id) {
    process.living().ifPresent(python -> python.interruptJob(id));
  }

  /**
   * Lets a Python that runs or starts import from a file. A later one knows it from Spark.
   *
   * @return why that is not so; empty if it is, or none runs
   */
  public Optional<String> include(String uri) {
    Optional<PythonProcess> running = process.living();
    try {
      if (running.isEmpty() && starting.isPresent()) {
        running = Optional.of(starting.get().get(START_PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
      }
    } catch (ExecutionException | TimeoutException e) {
      // Who runs the first statement learns why. The next Python finds the file.
      log.debug("no Python runs that could be told of a file", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("Python was not told of it in time.");
    }
    return running.filter(PythonProcess::isAlive).flatMap(python -> included(python, uri));
  }

  private static Optional<String> included(PythonProcess python, String uri) {
    Optional<JsonNode> answer = python.ask(question("include").put("uri", uri), INCLUDE_PATIENCE);
    if (answer.isPresent()) {
      return Optional.of(answer.get().path("failed").asText()).filter(why -> !why.isEmpty());
    }
    return python.isAlive()
        ? Optional.of("Python has not answered within " + INCLUDE_PATIENCE.toSeconds() + " s.")
        : Optional.empty();
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void prepare(Execution execution) throws StatementException {
    statement = execution;
    PythonProcess unused = process.get(execution);
  }

  @Override
  public boolean hasMagic(String name) {
    return hasMagic(name, "line");
  }

  @Override
  public boolean hasCellMagic(String name) {
    return hasMagic(name, "cell");
  }

  private boolean hasMagic(String name, String form) {
    return ask(question("magic").put("name", name).put("form", form))
        .map(answer -> answer.path("known").asBoolean())
        .orElse(false);
  }

  @Override
  public List<String> magicNames(boolean cell) {
    return ask(question("magics"))
        .map(answer -> texts(answer.path(cell ? "cell" : "line")))
        .orElse(List.of());
  }

  @Override
  public String unknownMagic(String name) {
    return "unknown magic command '" + name + "'";
  }

  @Override
  public void execute(String code, Execution execution) throws StatementException {
    run(command("run", execution).put("code", code), execution);
  }

  @Override
  public MimeBundle evaluate(String expression, Execution execution) throws StatementException {
    ObjectNode command = command("evaluate", execution).put("code", expression);
    return bundle(run(command, execution).content().path("data"));
  }

  private static ObjectNode command(String what, Execution execution) {
    return JSON.createObjectNode().put("do", what).put("rich", execution.wantsRichValue());
  }

  private PythonGate.Answer run(ObjectNode command, Execution execution) throws StatementException {
    PythonGate.Answer answer = process.run(execution, python -> python.run(command, execution));
    JsonNode error = answer.content().path("error");
    if (!error.isMissingNode()) {
      throw new StatementException(failure(error, execution));
    }
    return answer;
  }

  /** Waits for the Python that is being started, or starts one. */
  private PythonProcess started(Execution execution) throws IOException, InterruptedException {
    CompletableFuture<PythonProcess> start =
        starting.filter(begun -> !hasEnded(begun)).orElseGet(this::start);
    starting = Optional.of(start);
    while (!execution.isCancelled()) {
      try {
        return start.get(START_POLL.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        log.trace("Python is being started");
      } catch (ExecutionException e) {
        starting = Optional.empty();
        throw new IOException(e.getCause().getMessage(), e.getCause());
      } catch (InterruptedException e) {
        // The interpreter of another language is told of a cancelled statement so.
        log.debug("a statement was interrupted while Python started");
      }
    }
    throw new InterruptedException("the statement was cancelled");
  }

  private static boolean hasEnded(CompletableFuture<PythonProcess> start) {
    return start.isDone() && !start.isCompletedExceptionally() && !start.join().isAlive();
  }

  private CompletableFuture<PythonProcess> start() {
    CompletableFuture<PythonProcess> start = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                start.complete(
                    PythonProcess.start(
                        session.call(), sharedValues, comms, directory, PythonInterpreter::put));
              } catch (Exception | LinkageError e) {
                start.completeExceptionally(e);
              }
            },
            "python-start");
    thread.setDaemon(true);
    thread.start();
    return start;
  }

  private static StatementError failure(JsonNode error, Execution execution) {
    List<String> lines = texts(error.path("lines"));
    List<String> shown = texts(error.path("shown"));
    String name = error.path("name").asText();
    if (execution.isCancelled()) {
      return StatementError.interrupted(lines, shown);
    }
    return new StatementError(Origin.USER_CODE, name, error.path("message").asText(), lines, shown);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>(array.size());
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }

  // ---- what a statement puts out

  private static void put(
      String kind, JsonNode what, Optional<Dataset<?>> frame, Execution execution) {
    String id = what.path("id").asText();
    switch (kind) {
      case "value" -> {
        execution.put(new StatementOutput.Echo(what.path("echo").asText() + "\n"));
        execution.put(new StatementOutput.Value(bundle(what.path("data"))));
      }
      case "frame" -> {
        String text = what.path("text").asText();
        execution.put(new StatementOutput.Echo(text + "\n"));
        execution.put(new StatementOutput.Value(TableValue.of(frame.orElseThrow(), text)));
      }
      case "table" -> {
        execution.put(new StatementOutput.Echo(what.path("text").asText() + "\n"));
        PlainValue.Table table = (PlainValue.Table) WrittenValues.read(what.path("table"));
        execution.put(
            new StatementOutput.Value(
                TableDisplay.of(table, TableDisplay.ROWS, MagicLimits.DEFAULT)));
      }
      case "display" -> execution.put(new StatementOutput.Display(bundle(what.path("data")), id));
      case "update" ->
          execution.put(new StatementOutput.DisplayUpdate(bundle(what.path("data")), id));
      case "clear" -> execution.put(new StatementOutput.Clear(what.path("wait").asBoolean()));
      case "page" -> execution.put(new StatementOutput.Page(bundle(what.path("data"))));
      default -> throw new IllegalArgumentException("Python puts out no " + kind);
    }
    frame.ifPresent(execution::showsTable);
  }

  private static MimeBundle bundle(JsonNode data) {
    List<MimeBundle.Entry> entries = new ArrayList<>();
    data.fields()
        .forEachRemaining(
            form -> entries.add(new MimeBundle.Entry(form.getKey(), form.getValue().asText())));
    return new MimeBundle(entries);
  }

  // ---- questions

  private Optional<JsonNode> ask(ObjectNode question) {
    return starting
        .filter(start -> start.isDone() && !start.isCompletedExceptionally())
        .map(CompletableFuture::join)
        .filter(PythonProcess::isAlive)
        .flatMap(python -> python.ask(question, QUESTION_PATIENCE));
  }

  private static ObjectNode question(String what) {
    return JSON.createObjectNode().put("do", what);
  }

  @Override
  public CompletenessChecked completeness(int requestId, String code) {
    return WrittenAnswers.completeness(requestId, ask(question("completeness").put("code", code)));
  }

  @Override
  public Completion complete(String code, int cursor) {
    // Python counts characters where Java counts UTF-16 units.
    int at = code.codePointCount(0, cursor);
    return ask(question("complete").put("code", code).put("cursor", at))
        .filter(answer -> answer.has("candidates"))
        .map(answer -> WrittenAnswers.completion(answer, code))
        .orElseGet(() -> Completion.none(cursor));
  }

  @Override
  public Optional<MimeBundle> inspect(String code, int cursor, boolean detailed) {
    int at = code.codePointCount(0, cursor);
    return ask(question("inspect").put("code", code).put("cursor", at).put("detailed", detailed))
        .map(answer -> bundle(answer.path("data")))
        .filter(bundle -> !bundle.entries().isEmpty());
  }

  @Override
  public Variable variable(String name, int maxRows) throws MagicException {
    ObjectNode command =
        JSON.createObjectNode().put("do", "value").put("name", name).put("rows", maxRows);
    PythonGate.Answer answer = obey(command, name, statement);
    if (answer.frame().isPresent()) {
      return Variable.of(answer.frame().get(), maxRows);
    }
    return Variable.of(WrittenValues.read(answer.content().path("plain")));
  }

  @Override
  public TableRules tableRules() {
    return TableRules.PYTHON;
  }

  @Override
  public void share(String variable, String name, SharedValues values) throws MagicException {
    ObjectNode command = JSON.createObjectNode().put("do", "share");
    obey(command.put("variable", variable).put("name", name), variable, statement);
  }

  @Override
  public void define(String variable, String name, SharedValues values, Execution execution)
      throws MagicException {
    SharedValue unused = values.get(name);
    ObjectNode command = JSON.createObjectNode().put("do", "define");
    obey(command.put("variable", variable).put("name", name), name, execution);
  }

  /** Has Python do something with a variable of that name. */
  private PythonGate.Answer obey(ObjectNode command, String name, Execution execution)
      throws MagicException {
    PythonGate.Answer answer;
    try {
      answer = run(command, execution);
    } catch (StatementException e) {
      throw new MagicException(e.error());
    }
    if (answer.content().has("missing")) {
      throw MagicException.noSuchValue(name);
    } else if (answer.content().has("refused")) {
      throw new MagicException(
          MagicException.VALUE_ERROR, answer.content().path("refused").asText());
    }
    return answer;
  }

  @Override
  public void interrupt(Thread running, Duration elapsed) {
    process.interrupt(elapsed);
  }

  @Override
  public void close() {
    process.close();
    starting.ifPresent(
        start ->
            start.thenAccept(
                python -> {
                  if (python.isAlive()) {
                    python.close();
                  }
                }));
  }
}
