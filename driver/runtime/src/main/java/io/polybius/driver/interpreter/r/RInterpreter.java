package io.polybius.driver.interpreter.r;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.ScalaValues;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.StatementException;
import io.polybius.driver.interpreter.TableValue;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.interpreter.process.KeptProcess;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;

/**
 * R in a process of its own, which starts with the first statement. It has {@code spark}, {@code
 * sc} and {@code sqlContext} if it finds the package SparkR, and is plain R otherwise. When that
 * process ends, the statement that it runs fails, and the next one starts another.
 */
public final class RInterpreter implements Interpreter {

  private static final Duration QUESTION_PATIENCE = Duration.ofMillis(1800);

  /** Time for SparkR to find the driver's Spark. */
  private static final Duration ATTACH_PATIENCE = Duration.ofSeconds(60);

  /** Time for SparkR to hear that its job was cancelled. */
  private static final Duration JOB_PATIENCE = Duration.ofSeconds(5);

  private static final String NO_SPARKR =
      "This session is plain R, without spark and sc, because R does not find the package SparkR."
          + " It comes with Spark's full distribution, in the folder R/lib of SPARK_HOME; one of"
          + " another place can be named in R_LIBS in the server's environment.\n";

  private final SparkSession session;
  private final Path directory;
  private final KeptProcess<RProcess> process = new KeptProcess<>("R", this::start);
  private volatile Optional<SparkRBackend> backend = Optional.empty();
  private volatile String jobGroup = "";
  private boolean hasToldOfSparkR;

  /** The statement in which magics look variables up. */
  private Execution statement = Execution.UNSEEN;

  /**
   * Makes one that starts nothing yet.
   *
   * @param directory for the program that R runs, and for what R says
   */
  public RInterpreter(SparkSession session, Path directory) {
    this.session = session;
    this.directory = directory;
  }

  @Override
  public String kind() {
    return "sparkr";
  }

  // ---- its start

  private RProcess start(Execution execution) throws IOException, InterruptedException {
    RSettings settings = RSettings.of(this::sparkSetting, System.getenv());
    RProcess.Ready started = RProcess.start(settings, directory, this::put);
    Optional<String> problem =
        started.greeting().hasSparkR()
            ? attach(started.process())
            : Optional.of(NO_SPARKR).filter(note -> !hasToldOfSparkR);
    hasToldOfSparkR = true;
    problem.ifPresent(note -> KeptProcess.tell(execution, note));
    return started.process();
  }

  private Optional<String> sparkSetting(String name) {
    scala.Option<String> value = session.sparkContext().getConf().getOption(name);
    return value.isDefined() ? Optional.of(value.get()) : Optional.empty();
  }

  /** Lets SparkR work on the driver's Spark; returns why it does not. */
  private Optional<String> attach(RProcess r) {
    String problem;
    try {
      if (backend.isEmpty()) {
        backend = Optional.of(new SparkRBackend());
      }
      Optional<JsonNode> answer = r.ask(backend.get().attach(), ATTACH_PATIENCE);
      if (answer.isPresent() && answer.get().isEmpty()) {
        return Optional.empty();
      }
      problem =
          answer
              .map(failed -> failed.path("error"))
              .map(error -> error.path("name").asText() + ": " + error.path("message").asText())
              .orElse("it gave no answer in time");
    } catch (RuntimeException | LinkageError e) {
      // Spark says that this is going away.
      problem = e.toString();
    }
    return Optional.of(
        "This session is plain R, without spark and sc, because SparkR cannot reach Spark: "
            + problem
            + "\n");
  }

  // ---- statements

  /** A line that begins with an operator, such as {@code %in%} or the modulus, is code. */
  @Override
  public boolean hasMagic(String name) {
    return name.indexOf('%') > 0;
  }

  @Override
  public boolean hasCellMagic(String name) {
    return name.isEmpty() || hasMagic(name);
  }

  @Override
  public void prepare(Execution execution) throws StatementException {
    statement = execution;
    RProcess unused = process.get(execution);
  }

  @Override
  public void execute(String code, Execution execution) throws StatementException {
    jobGroup = jobProperty("spark.jobGroup.id");
    JsonNode answer =
        run(
            List.of(
                "run",
                code,
                String.valueOf(execution.firstLine()),
                String.valueOf(execution.wantsRichValue()),
                jobGroup,
                jobProperty("spark.job.description")),
            execution);
    if (answer.path("incomplete").asBoolean()) {
      throw new StatementException(
          new StatementError(
              Origin.INCOMPLETE, "IncompleteStatement", "incomplete statement", List.of()));
    }
  }

  /** Returns what the statement thread has set for its jobs, which R does for its own. */
  private String jobProperty(String name) {
    return Objects.requireNonNullElse(session.sparkContext().getLocalProperty(name), "");
  }

  @Override
  public MimeBundle evaluate(String expression, Execution execution) throws StatementException {
    JsonNode answer = run(List.of("evaluate", expression), execution);
    return MimeBundle.text(answer.path("text").asText());
  }

  private JsonNode run(List<String> command, Execution execution) throws StatementException {
    JsonNode answer = process.run(execution, r -> r.run(command, execution));
    JsonNode error = answer.path("error");
    if (answer.has("failed")) {
      throw new StatementException(
          new StatementError(Origin.DRIVER, "RFailed", answer.path("failed").asText(), List.of()));
    } else if (!error.isMissingNode()) {
      throw new StatementException(failure(error, execution));
    }
    return answer;
  }

  private static StatementError failure(JsonNode error, Execution execution) {
    List<String> lines = new ArrayList<>();
    error.path("lines").forEach(line -> lines.add(line.asText()));
    return execution.isCancelled()
        ? StatementError.interrupted(List.of(), lines)
        : new StatementError(
            Origin.USER_CODE,
            error.path("name").asText(),
            error.path("message").asText(),
            List.of(),
            lines);
  }

  // ---- what a statement puts out

  private void put(String kind, JsonNode what, Execution execution) throws IOException {
    String echo = what.path("echo").asText();
    switch (kind) {
      case "value" -> {
        execution.put(new StatementOutput.Echo(echo + "\n"));
        execution.put(new StatementOutput.Value(MimeBundle.text(echo)));
      }
      case "table" -> {
        MimeBundle table = table((PlainValue.Table) WrittenValues.read(what.path("value")), echo);
        if (what.path("last").asBoolean()) {
          execution.put(new StatementOutput.Echo(echo + "\n"));
          execution.put(new StatementOutput.Value(table));
        } else {
          execution.put(new StatementOutput.Display(table));
        }
      }
      case "frame" -> {
        execution.adopt();
        execution.put(new StatementOutput.Echo(echo + "\n"));
        execution.put(
            new StatementOutput.Value(TableValue.of(takeView(what.path("view").asText()), echo)));
      }
      case "plot" -> {
        Path file = Path.of(what.path("file").asText());
        String picture = Base64.getEncoder().encodeToString(Files.readAllBytes(file));
        Files.delete(file);
        execution.put(
            new StatementOutput.Display(
                new MimeBundle(
                    List.of(
                        new MimeBundle.Entry(MimeBundle.PNG, picture),
                        new MimeBundle.Entry(MimeBundle.TEXT, "[a plot]")))));
      }
      case "page" ->
          execution.put(new StatementOutput.Page(MimeBundle.text(what.path("text").asText())));
      default -> throw new IllegalArgumentException("R puts out no " + kind);
    }
  }

  private static MimeBundle table(PlainValue.Table table, String text) {
    try {
      return TableDisplay.of(table, TableDisplay.ROWS, MagicLimits.DEFAULT);
    } catch (IllegalArgumentException e) {
      return MimeBundle.text(text);
    }
  }

  /** Returns the DataFrame of a view that R has made for this only. */
  private Dataset<?> takeView(String view) {
    Dataset<?> frame = session.table(view);
    boolean unused = session.catalog().dropTempView(view);
    return frame;
  }

  // ---- questions

  private Optional<JsonNode> ask(String... question) {
    return process
        .living()
        .flatMap(r -> r.ask(List.of(question), QUESTION_PATIENCE))
        .filter(answer -> !answer.has("failed"));
  }

  @Override
  public CompletenessChecked completeness(int requestId, String code) {
    return WrittenAnswers.completeness(requestId, ask("completeness", code));
  }

  @Override
  public Completion complete(String code, int cursor) {
    // R counts characters where Java counts UTF-16 units.
    return ask("complete", code, String.valueOf(code.codePointCount(0, cursor)))
        .map(answer -> WrittenAnswers.completion(answer, code))
        .orElseGet(() -> Completion.none(cursor));
  }

  @Override
  public Optional<MimeBundle> inspect(String code, int cursor, boolean detailed) {
    String at = String.valueOf(code.codePointCount(0, cursor));
    return ask("inspect", code, at, String.valueOf(detailed))
        .map(answer -> answer.path("text").asText())
        .filter(text -> !text.isEmpty())
        .map(MimeBundle::text);
  }

  @Override
  public Variable variable(String name, int maxRows) throws MagicException {
    JsonNode answer;
    try {
      answer = run(List.of("value", name, String.valueOf(maxRows)), statement);
    } catch (StatementException e) {
      throw new MagicException(e.error());
    }
    if (answer.has("missing")) {
      throw MagicException.noSuchValue(name);
    } else if (answer.has("refused")) {
      throw refused(answer);
    } else if (answer.has("view")) {
      return Variable.of(ScalaValues.plain(takeView(answer.path("view").asText()), maxRows));
    }
    return Variable.of(WrittenValues.read(answer.path("plain")));
  }

  private static MagicException refused(JsonNode answer) {
    return new MagicException(MagicException.VALUE_ERROR, answer.path("refused").asText());
  }

  /**
   * {@inheritDoc}
   *
   * <p>R gets a copy, also of the rows of a DataFrame.
   */
  @Override
  public void define(String variable, String name, SharedValues values, Execution execution)
      throws MagicException, StatementException {
    SharedValue shared = values.get(name);
    PlainValue value =
        shared instanceof SharedValue.Frame frame
            ? ScalaValues.plain(frame.dataset(), RLiterals.MAX_ELEMENTS)
            : shared instanceof SharedValue.Elements elements
                ? ScalaValues.plain(elements.rdd(), RLiterals.MAX_ELEMENTS)
                : ((SharedValue.Data) shared).value();
    JsonNode answer = run(List.of("define", variable, RLiterals.of(value)), execution);
    if (answer.has("refused")) {
      throw refused(answer);
    }
  }

  @Override
  public void interrupt(Thread running, Duration elapsed) {
    // A signal would make SparkR take the answer that it waits for as that of its next call.
    if (elapsed.compareTo(JOB_PATIENCE) >= 0 || !hasJobs()) {
      process.interrupt(elapsed);
    }
  }

  /** Returns whether SparkR has had Spark run something for the statement. */
  private boolean hasJobs() {
    return backend.isPresent()
        && session.sparkContext().statusTracker().getJobIdsForGroup(jobGroup).length > 0;
  }

  @Override
  public void close() {
    process.close();
    backend.ifPresent(SparkRBackend::close);
  }
}
