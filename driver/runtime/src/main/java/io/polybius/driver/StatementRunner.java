package io.polybius.driver;

import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.SparkProgress;
import io.polybius.driver.interpreter.SparkTools;
import io.polybius.driver.interpreter.StatementException;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.protocol.DriverCommand.AnswerInput;
import io.polybius.driver.protocol.DriverCommand.Execute;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ExecuteOptions.Expression;
import io.polybius.driver.protocol.ExpressionResult;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.magic.MagicCall;
import io.polybius.magic.MagicException;
import io.polybius.magic.Magics;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs statements in the order in which they come, over all languages, on one thread. Cancelling
 * and questions about texts come from other threads.
 */
final class StatementRunner implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StatementRunner.class);

  /** How often a statement that should stop is told so. */
  private static final Duration CANCEL_INTERVAL = Duration.ofMillis(100);

  /** How long a statement waits for a question that came before it. */
  static final Duration QUESTION_PATIENCE = Duration.ofSeconds(30);

  private static final String BUSY =
      "The compiler is busy with a question about code, such as a completion, and cannot be stopped"
          + " in that. If this goes on, restart the session.";

  /** Time for all expressions that are evaluated after a statement. */
  private static final Duration EXPRESSIONS_LIMIT = Duration.ofSeconds(10);

  private static final StatementError TOO_LATE =
      new StatementError(
          Origin.INTERRUPT,
          "TimeLimit",
          "The expressions of a statement have " + EXPRESSIONS_LIMIT.toSeconds() + " seconds.",
          List.of());

  private static final int MAX_ERROR_CHARS = 10_000;
  private static final int MAX_TRACEBACK_LINES = 500;

  private final BlockingQueue<Execute> queue = new LinkedBlockingQueue<>();

  /** Fair, so that a statement waits for one question at most. */
  private final ReentrantLock interpreterLock = new ReentrantLock(true);

  private final Map<String, Interpreter> interpreters;
  private final Magics magics;
  private final SparkTools session;
  private final SharedValues sharedValues;
  private final SparkContext spark;
  private final OutputCapture capture;
  private final OpenComms comms;
  private final SparkProgress progress;
  private final Consumer<DriverEvent> events;
  private final ScheduledExecutorService timer;
  private final long maxOutputChars;
  private final Duration questionPatience;
  private final Thread thread;
  private final Questions questions;
  private final ShownTables tables = new ShownTables();
  private final ResultDownloads downloads;
  private volatile boolean closed;

  // Guarded by this, so that whoever interrupts a statement finds it running or not at all:
  private final Set<Integer> waiting = new HashSet<>();
  private final Set<Integer> cancelledEarly = new HashSet<>();
  private OptionalInt waitsForQuestion = OptionalInt.empty();
  private volatile Running running;
  private volatile long idleSince = System.nanoTime();

  /** The statement that runs, and whether it should stop. */
  private static final class Running {
    final Execute statement;
    final String jobGroup;
    final StatementConsole console;
    volatile boolean cancelled;
    ScheduledFuture<?> canceller;

    Running(Execute statement, StatementConsole console) {
      this.statement = statement;
      this.jobGroup = String.valueOf(statement.statementId());
      this.console = console;
    }
  }

  /** What a runner works with. */
  record Tools(
      List<Interpreter> interpreters,
      Magics magics,
      SparkTools session,
      SharedValues sharedValues,
      OutputCapture capture,
      OpenComms comms,
      SparkProgress progress,
      Consumer<DriverEvent> events,
      ScheduledExecutorService timer,
      long maxOutputChars,
      Duration questionPatience) {}

  /** Starts the statement thread. */
  StatementRunner(Tools tools) {
    this.interpreters =
        tools.interpreters().stream()
            .collect(java.util.stream.Collectors.toMap(Interpreter::kind, each -> each));
    this.magics = tools.magics();
    this.session = tools.session();
    this.sharedValues = tools.sharedValues();
    this.spark = session.context();
    this.capture = tools.capture();
    this.comms = tools.comms();
    this.progress = tools.progress();
    this.events = tools.events();
    this.timer = tools.timer();
    this.maxOutputChars = tools.maxOutputChars();
    this.questionPatience = tools.questionPatience();
    this.questions = new Questions(interpreters, interpreterLock, magics, events);
    this.downloads =
        new ResultDownloads(tables, sharedValues, spark, events, timer, session.classLoader());
    this.thread = new Thread(this::runAll, "statements");
    thread.setDaemon(true);
    thread.setContextClassLoader(session.classLoader());
    thread.start();
  }

  /** Adds a statement behind those that wait. */
  synchronized void submit(Execute statement) {
    waiting.add(statement.statementId());
    queue.add(statement);
  }

  /** Returns for how long no statement has run or waited, and no question has come. */
  synchronized Duration idleTime() {
    if (running != null || !waiting.isEmpty() || downloads.areUnderWay()) {
      return Duration.ZERO;
    }
    Duration sinceStatement = Duration.ofNanos(System.nanoTime() - idleSince);
    Duration sinceQuestion = questions.idleTime();
    return sinceStatement.compareTo(sinceQuestion) < 0 ? sinceStatement : sinceQuestion;
  }

  /** Stops a statement; one that has ended is left alone. */
  synchronized void cancel(int statementId) {
    Running current = running;
    if (current != null && current.statement.statementId() == statementId) {
      current.cancelled = true;
      current.console.input().cancel();
      comms.interrupt();
      if (current.canceller == null) {
        long begin = System.nanoTime();
        current.canceller =
            timer.scheduleWithFixedDelay(
                () -> interrupt(current, Duration.ofNanos(System.nanoTime() - begin)),
                0,
                CANCEL_INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
      }
    } else if (waiting.contains(statementId)) {
      cancelledEarly.add(statementId);
      if (waitsForQuestion.equals(OptionalInt.of(statementId))) {
        thread.interrupt();
      }
    }
  }

  /** Passes on what a user typed for a statement; without effect unless the statement waits. */
  synchronized void answer(AnswerInput answer) {
    Running current = running;
    if (current != null && current.statement.statementId() == answer.statementId()) {
      current.console.input().answer(answer.text());
    }
  }

  /** Returns who answers questions about texts beside the statements. */
  Questions questions() {
    return questions;
  }

  /** Returns who handles the messages of comms beside the statements. */
  OpenComms comms() {
    return comms;
  }

  /** Returns who sends whole tables of statements beside them. */
  ResultDownloads downloads() {
    return downloads;
  }

  /** Ends the threads, with the statement that runs if need be. */
  @Override
  public void close() {
    closed = true;
    questions.close();
    downloads.close();
    queue.clear();
    Running current = running;
    if (current != null) {
      cancel(current.statement.statementId());
    }
    thread.interrupt();
    interpreters.values().forEach(Interpreter::close);
  }

  private void runAll() {
    while (!closed) {
      try {
        run(queue.take());
      } catch (InterruptedException e) {
        log.debug("an interrupt came when no statement ran");
      } catch (Throwable e) {
        log.error("a statement could not be ended well", e);
      }
    }
  }

  private void run(Execute statement) {
    if (!takeInterpreters(statement.statementId())) {
      giveUp(statement.statementId());
      return;
    }
    StatementSink sink = new StatementSink(statement.statementId(), maxOutputChars, events, timer);
    StatementInput input =
        new StatementInput(statement.statementId(), statement.options().mayAskForInput(), sink);
    DriverEvent end;
    Running current = begin(statement, new StatementConsole(sink, input));
    try {
      execute(statement.kind(), statement.code(), 1, current);
      end = new DriverEvent.StatementSucceeded(statement.statementId(), evaluate(current));
    } catch (StatementException e) {
      end = new DriverEvent.StatementFailed(statement.statementId(), shortened(e.error()));
    } catch (Throwable e) {
      // Also checked exceptions, which Scala's code throws without declaring them.
      end =
          new DriverEvent.StatementFailed(
              statement.statementId(), shortened(unexpected(e, current)));
    } finally {
      end(current);
    }
    sink.flush();
    events.accept(end);
  }

  /** Waits until no question is being answered any more; returns whether that came in time. */
  private boolean takeInterpreters(int statementId) {
    Duration patience;
    synchronized (this) {
      patience = cancelledEarly.contains(statementId) ? Duration.ZERO : questionPatience;
      waitsForQuestion = OptionalInt.of(statementId);
    }
    boolean taken = false;
    try {
      taken = interpreterLock.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      log.debug("a statement was cancelled while it waited for a question");
    }
    synchronized (this) {
      waitsForQuestion = OptionalInt.empty();
    }
    return taken;
  }

  private void giveUp(int statementId) {
    boolean cancelled;
    synchronized (this) {
      waiting.remove(statementId);
      cancelled = cancelledEarly.remove(statementId);
      idleSince = System.nanoTime();
    }
    // It may have been cancelled when its time was over already.
    Thread.interrupted();
    events.accept(
        new DriverEvent.StatementFailed(
            statementId,
            cancelled
                ? new StatementError(
                    Origin.INTERRUPT,
                    "Interrupted",
                    "The statement was interrupted before it began. " + BUSY,
                    List.of())
                : new StatementError(Origin.DRIVER, "CompilerBusy", BUSY, List.of())));
  }

  private Running begin(Execute statement, StatementConsole console) {
    int statementId = statement.statementId();
    Running current = new Running(statement, console);
    progress.begin(
        current.jobGroup,
        (completedTasks, totalTasks, completedStages, totalStages) ->
            new DriverEvent.StatementProgressed(
                statementId, completedTasks, totalTasks, completedStages, totalStages));
    setJobGroup(current);
    capture.begin(console);
    synchronized (this) {
      waiting.remove(statementId);
      running = current;
      if (cancelledEarly.remove(statementId)) {
        cancel(statementId);
      }
    }
    return current;
  }

  private void setJobGroup(Running current) {
    spark.setJobGroup(
        current.jobGroup, "Job group for statement " + current.statement.statementId(), true);
  }

  /** From here on nobody interrupts this thread for the statement's sake. */
  private void end(Running current) {
    synchronized (this) {
      idleSince = System.nanoTime();
      running = null;
      if (current.canceller != null) {
        current.canceller.cancel(false);
      }
    }
    Thread.interrupted();
    current.console.input().end();
    capture.end();
    if (current.cancelled) {
      // Spark may have taken a job from it at the last moment, for which nobody waits any more.
      cancelJobs(current);
    }
    progress.end(current.jobGroup);
    if (interpreterLock.isHeldByCurrentThread()) {
      interpreterLock.unlock();
    }
  }

  /**
   * Runs code as a part of a statement.
   *
   * @param kind its language, which need not be the statement's
   * @param firstLine in which line of the statement it begins, from 1
   */
  private void execute(String kind, String text, int firstLine, Running current)
      throws StatementException {
    StatementSink sink = current.console.sink();
    Interpreter interpreter = interpreters.get(kind);
    if (interpreter == null) {
      throw new StatementException(
          new StatementError(
              Origin.DRIVER,
              "InterpreterError",
              "This driver has no interpreter of kind " + kind + ".",
              List.of()));
    }
    if (current.cancelled) {
      throw new StatementException(StatementError.interrupted());
    }
    String code = text.replace("\r\n", "\n");
    interpreter.prepare(new CodeExecution(sink::put, current, firstLine));
    for (StatementPart part : StatementPart.split(code, interpreter, magics)) {
      int line = firstLine - 1 + part.firstLine(code);
      switch (part.kind()) {
        case MAGIC -> runMagic(part, interpreter, line, current).ifPresent(sink::put);
        case HELP -> sink.put(answer(part, interpreter));
        case CODE -> interpreter.execute(part.text(), new CodeExecution(sink::put, current, line));
      }
    }
  }

  private StatementOutput answer(StatementPart question, Interpreter interpreter) {
    return CellInspection.answer(question.text(), interpreter, magics)
        .<StatementOutput>map(StatementOutput.Page::new)
        .orElseGet(
            () ->
                new StatementOutput.StreamText(
                    StreamName.STDOUT,
                    "Nothing is known of " + CellInspection.nameIn(question.text()) + ".\n"));
  }

  /** Evaluates what the client wants to know besides; that fails for itself only. */
  private List<ExpressionResult> evaluate(Running current) {
    List<Expression> expressions = current.statement.options().expressions();
    if (expressions.isEmpty()) {
      return List.of();
    }
    // What the expressions print is printed, but they put nothing else out.
    Interpreter.Execution execution = new CodeExecution(output -> {}, current, 1);
    long end = System.nanoTime() + EXPRESSIONS_LIMIT.toNanos();
    ScheduledFuture<?> limit =
        timer.scheduleWithFixedDelay(
            () -> interrupt(current, Duration.ofNanos(System.nanoTime() - end)),
            EXPRESSIONS_LIMIT.toMillis(),
            CANCEL_INTERVAL.toMillis(),
            TimeUnit.MILLISECONDS);
    try {
      return expressions.stream()
          .map(expression -> evaluate(expression, current.statement.kind(), execution, end))
          .toList();
    } finally {
      limit.cancel(false);
    }
  }

  private ExpressionResult evaluate(
      Expression expression, String kind, Interpreter.Execution execution, long end) {
    StatementError error;
    try {
      if (execution.isCancelled()) {
        error = StatementError.interrupted();
      } else if (!interpreterLock.isHeldByCurrentThread()) {
        // The expression before has not got it back.
        error = new StatementError(Origin.DRIVER, "CompilerBusy", BUSY, List.of());
      } else if (System.nanoTime() > end) {
        error = TOO_LATE;
      } else {
        return new ExpressionResult.Evaluated(
            expression.name(), interpreters.get(kind).evaluate(expression.code(), execution));
      }
    } catch (StatementException e) {
      error = System.nanoTime() > end && !execution.isCancelled() ? TOO_LATE : e.error();
    } catch (Throwable e) {
      error =
          new StatementError(
              Origin.DRIVER, e.getClass().getName(), String.valueOf(e.getMessage()), List.of());
    }
    return new ExpressionResult.NotEvaluated(expression.name(), shortened(error));
  }

  /** What an interpreter sees of a statement. */
  private final class CodeExecution implements Interpreter.Execution {

    private final Consumer<StatementOutput> output;
    private final Running current;
    private final int firstLine;

    CodeExecution(Consumer<StatementOutput> output, Running current, int firstLine) {
      this.output = output;
      this.current = current;
      this.firstLine = firstLine;
    }

    @Override
    public void put(StatementOutput what) {
      output.accept(what);
    }

    @Override
    public void showsTable(Dataset<?> frame) {
      tables.add(current.statement.statementId(), new ShownTables.Frame(frame));
    }

    @Override
    public void print(StreamName stream, byte[] bytes, int offset, int length) {
      current.console.sink().print(stream, bytes, offset, length);
    }

    @Override
    public Optional<String> ask(String prompt, boolean password) throws InterruptedException {
      return current.console.input().ask(prompt, password);
    }

    @Override
    public boolean mayAsk() {
      return current.statement.options().mayAskForInput();
    }

    @Override
    public void adopt() {
      setJobGroup(current);
      capture.adopt(current.console);
    }

    @Override
    public boolean isCancelled() {
      return current.cancelled;
    }

    @Override
    public boolean wantsRichValue() {
      return current.statement.options().richValue();
    }

    @Override
    public int firstLine() {
      return firstLine;
    }

    @Override
    public <T> T unlocked(Supplier<T> code) {
      interpreterLock.unlock();
      try {
        return code.get();
      } finally {
        takeInterpretersBack();
      }
    }
  }

  /** Waits for the end of a question that has come while a statement's code ran. */
  private void takeInterpretersBack() {
    long end = System.nanoTime() + questionPatience.toNanos();
    boolean taken = false;
    do {
      // An interrupt was meant for the code, which has ended; a compiler writes no files with it.
      Thread.interrupted();
      try {
        taken = interpreterLock.tryLock(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        log.debug("an interrupt came when the code of its statement had ended");
      }
    } while (!taken && System.nanoTime() < end);
    if (!taken) {
      throw new IllegalStateException(BUSY);
    }
  }

  private Optional<StatementOutput> runMagic(
      StatementPart part, Interpreter interpreter, int line, Running current)
      throws StatementException {
    MagicCall call;
    try {
      call = magics.parse(part.text());
    } catch (MagicException e) {
      throw new StatementException(inWordsOf(interpreter, part, e.toStatementError()));
    }
    try {
      MagicPlace place = new MagicPlace(call, line, current);
      MimeBundle result = magics.run(call, context(interpreter, place));
      place.shown.ifPresent(
          variable -> tables.add(current.statement.statementId(), ShownTables.of(variable)));
      if (result.entries().isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          magics.isForReading(call)
              ? new StatementOutput.Page(result)
              : new StatementOutput.Display(result));
    } catch (MagicException e) {
      throw new StatementException(e.toStatementError());
    } catch (Throwable e) {
      // The user's own code, which computes what the magic shows.
      throw new StatementException(
          current.cancelled
              ? StatementError.interrupted()
              : new StatementError(
                  Origin.USER_CODE,
                  e.getClass().getName(),
                  e.getMessage() == null ? "" : e.getMessage(),
                  Arrays.stream(e.getStackTrace()).map(frame -> "  at " + frame).toList()));
    }
  }

  /** Clients of Livy know the message for an unknown magic, which each language has its own of. */
  private static StatementError inWordsOf(
      Interpreter interpreter, StatementPart part, StatementError error) {
    String name = Magics.nameIn(part.text());
    if (name.isEmpty()) {
      return error;
    }
    String hint = error.message().substring(error.message().lines().findFirst().get().length());
    return new StatementError(
        error.origin(),
        error.name(),
        interpreter.unknownMagic(name) + hint,
        error.traceback(),
        error.trace());
  }

  /** Returns what a magic sees that stands in a statement. */
  private RunningMagic context(Interpreter interpreter, MagicPlace place) {
    return new RunningMagic(
        session, sharedValues, magics, interpreters.keySet(), interpreter, place);
  }

  /** The line of a statement in which a magic stands. */
  private final class MagicPlace implements RunningMagic.Place {

    private final MagicCall call;
    private final int line;
    private final Running current;

    /** What the magic has looked up, which is shown only if the magic does not fail. */
    private Optional<Variable> shown = Optional.empty();

    MagicPlace(MagicCall call, int line, Running current) {
      this.call = call;
      this.line = line;
      this.current = current;
    }

    @Override
    public Interpreter.Execution execution() {
      return new CodeExecution(current.console.sink()::put, current, line);
    }

    @Override
    public void execute(String kind, String code) throws StatementException {
      // The lines below a cell's magic, or the rest of the magic's own line.
      boolean isBelow = code.equals(call.body());
      StatementRunner.this.execute(kind, code, isBelow ? line + 1 : line, current);
    }

    @Override
    public void shows(Variable variable) {
      shown = Optional.of(variable);
    }
  }

  private void cancelJobs(Running current) {
    try {
      spark.cancelJobGroup(current.jobGroup);
    } catch (RuntimeException e) {
      // Code that runs on after Spark has been stopped must be stopped all the same.
      log.debug("the jobs of a statement could not be cancelled", e);
    }
  }

  private void interrupt(Running current, Duration elapsed) {
    cancelJobs(current);
    synchronized (this) {
      if (running == current) {
        interpreters.values().forEach(interpreter -> interrupt(interpreter, elapsed));
      }
    }
  }

  private void interrupt(Interpreter interpreter, Duration elapsed) {
    try {
      interpreter.interrupt(thread, elapsed);
    } catch (RuntimeException e) {
      log.warn("statements of kind {} could not be interrupted", interpreter.kind(), e);
    }
  }

  private static StatementError unexpected(Throwable thrown, Running current) {
    return current.cancelled
        ? StatementError.interrupted()
        : new StatementError(
            Origin.DRIVER,
            "Internal Error: " + thrown.getClass().getName(),
            String.valueOf(thrown.getMessage()),
            List.of());
  }

  /** A message goes to the server in one piece, however much the user's exception has to say. */
  private static StatementError shortened(StatementError error) {
    return new StatementError(
        error.origin(),
        error.name(),
        shortened(error.message()),
        shortened(error.traceback()),
        shortened(error.trace()));
  }

  private static List<String> shortened(List<String> lines) {
    return lines.stream().limit(MAX_TRACEBACK_LINES).map(line -> shortened(line)).toList();
  }

  private static String shortened(String text) {
    return text.length() <= MAX_ERROR_CHARS ? text : text.substring(0, MAX_ERROR_CHARS) + "...";
  }
}
