package io.polybius.driver;

import io.polybius.driver.interpreter.SessionResources;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.SparkProgress;
import io.polybius.driver.interpreter.SparkStart;
import io.polybius.driver.interpreter.SparkTools;
import io.polybius.driver.interpreter.python.PythonInterpreter;
import io.polybius.driver.interpreter.sql.SqlInterpreter;
import io.polybius.driver.job.CompiledJobs;
import io.polybius.driver.job.DriverJobContext;
import io.polybius.driver.job.JobRunner;
import io.polybius.driver.job.PythonJobs;
import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.ExecuteOptions.Expression;
import io.polybius.driver.protocol.ExpressionResult;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.ResourceKind;
import io.polybius.driver.protocol.ResultFormat;
import io.polybius.driver.protocol.ResultSource;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.magic.Magics;
import io.polybius.notebook.Kernel;
import io.polybius.notebook.Notebook;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A whole driver without its link: tests send statements to it and look at the events. One for all
 * test classes of a JVM, as a JVM has one Spark.
 */
final class StatementDesk {

  static final int MAX_OUTPUT_CHARS = 200_000;

  /** So many run at a time, and so many wait. */
  static final int MOST_JOBS = 3;

  /** What a client wants that can be asked for input. */
  static final ExecuteOptions MAY_ASK = new ExecuteOptions(false, true, List.of());

  private static final long TIMEOUT_SECONDS = 60;
  private static StatementDesk shared;

  private final BlockingQueue<DriverEvent> events = new LinkedBlockingQueue<>();

  /** What comes of jobs, and of files for them. */
  private final BlockingQueue<DriverEvent> jobEvents = new LinkedBlockingQueue<>();

  private final StatementRunner runner;
  private final OpenComms comms;
  private final SparkTools tools;
  private final JobRunner jobs;
  private final SessionResources resources;
  private int nextId;
  private int nextDownload;
  private int nextJob = 1;

  /** What became of a statement. */
  record Ended(int id, List<StatementOutput> outputs, List<DriverEvent> all, StatementError error) {

    /** Returns everything that was printed to a stream. */
    String printed(StreamName stream) {
      return outputs.stream()
          .filter(
              output ->
                  output instanceof StatementOutput.StreamText text && text.stream() == stream)
          .map(output -> ((StatementOutput.StreamText) output).text())
          .collect(Collectors.joining());
    }

    /** Returns all echoes, one after the other. */
    String echo() {
      return outputs.stream()
          .filter(StatementOutput.Echo.class::isInstance)
          .map(output -> ((StatementOutput.Echo) output).text())
          .collect(Collectors.joining());
    }

    /** Returns the text of the value, or "" if there is none. */
    String value() {
      return outputs.stream()
          .filter(StatementOutput.Value.class::isInstance)
          .map(output -> ((StatementOutput.Value) output).bundle())
          .map(bundle -> bundle.find(MimeBundle.TEXT).orElseThrow().data())
          .collect(Collectors.joining());
    }

    /** Returns the value in all its forms. */
    MimeBundle richValue() {
      return outputs.stream()
          .filter(StatementOutput.Value.class::isInstance)
          .map(output -> ((StatementOutput.Value) output).bundle())
          .findFirst()
          .orElseThrow();
    }

    /** Returns the texts of what was put out for reading. */
    List<String> pages() {
      return outputs.stream()
          .filter(StatementOutput.Page.class::isInstance)
          .map(output -> ((StatementOutput.Page) output).bundle())
          .map(bundle -> bundle.find(MimeBundle.TEXT).orElseThrow().data())
          .toList();
    }

    /** Returns what became of the expressions after a statement that ended well. */
    List<ExpressionResult> expressions() {
      return ((DriverEvent.StatementSucceeded) all.get(all.size() - 1)).expressions();
    }

    /** Returns what magics showed. */
    List<MimeBundle> displays() {
      return outputs.stream()
          .filter(StatementOutput.Display.class::isInstance)
          .map(output -> ((StatementOutput.Display) output).bundle())
          .toList();
    }
  }

  private StatementDesk() throws Exception {
    SharedValues shared = new SharedValues();
    OutputCapture capture = new OutputCapture();
    capture.install();
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.app.name", "tests");
    System.setProperty("spark.scheduler.mode", "FAIR");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.driver.bindAddress", "127.0.0.1");
    System.setProperty("spark.driver.host", "127.0.0.1");
    comms = new OpenComms(capture, events::add);
    Notebook.provide(new Kernel(new NotebookFrontEnd(capture, shared), comms));
    Path directory = Files.createTempDirectory("polybius-test");
    SparkStart spark =
        SparkStart.begin(directory.resolve("classes"), CompletableFuture.completedFuture(Map.of()));
    tools = new SparkTools(spark, directory.resolve("jars"));
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(2);
    SparkProgress progress = new SparkProgress(this::take, timer);
    spark.context().addSparkListener(progress);
    PythonInterpreter python =
        new PythonInterpreter(spark::session, shared, comms, directory.resolve("python"));
    resources =
        new SessionResources(
            tools,
            directory.resolve("uploads"),
            python::include,
            jobEvents::add,
            timer,
            SessionResources.PATIENCE);
    DriverJobContext jobContext =
        new DriverJobContext(spark.session(), shared, directory.resolve("job-files"));
    jobs =
        new JobRunner(
            new JobRunner.Tools(
                List.of(
                    new CompiledJobs(jobContext, spark.classLoader()),
                    new PythonJobs(python, jobContext)),
                spark.context(),
                spark.classLoader(),
                progress,
                capture::standApart,
                jobEvents::add,
                timer,
                new JobRunner.Limits(MOST_JOBS, MOST_JOBS, 1 << 20, Duration.ofSeconds(4))));
    runner =
        new StatementRunner(
            new StatementRunner.Tools(
                List.of(spark.scala(), python, new SqlInterpreter(spark.session())),
                Magics.builtin(),
                tools,
                shared,
                capture,
                comms,
                progress,
                events::add,
                timer,
                MAX_OUTPUT_CHARS,
                StatementRunner.QUESTION_PATIENCE));
  }

  /** Returns the desk, starting Spark the first time. */
  static synchronized StatementDesk shared() throws Exception {
    if (shared == null) {
      shared = new StatementDesk();
    }
    return shared;
  }

  private void take(DriverEvent event) {
    (event instanceof DriverEvent.OfJob ? jobEvents : events).add(event);
  }

  /** Sends a compiled job and returns its id. */
  int submitJob(byte[] payload) {
    return submitJob("spark", payload);
  }

  /** Sends a job of a language and returns its id. */
  int submitJob(String kind, byte[] payload) {
    int id = nextJob++;
    jobs.run(new DriverCommand.RunJob(id, kind, payload));
    return id;
  }

  /** Stops a job. */
  void cancelJob(int id) {
    jobs.cancel(id);
  }

  /** Returns for how long no job has run. */
  Duration jobsIdleTime() {
    return jobs.idleTime();
  }

  /** Waits for the end of a job, and returns all that came of it; what comes of others is lost. */
  List<DriverEvent> awaitJob(int id) throws InterruptedException {
    List<DriverEvent> all = new ArrayList<>();
    while (true) {
      DriverEvent event = nextOfJobs();
      if (event instanceof DriverEvent.OfJob about && about.jobId() == id) {
        all.add(event);
        if (event instanceof DriverEvent.JobSucceeded
            || event instanceof DriverEvent.JobFailed
            || event instanceof DriverEvent.JobCancelled) {
          return all;
        }
      }
    }
  }

  /** Waits for the next thing that comes of jobs, or of files. */
  DriverEvent nextOfJobs() throws InterruptedException {
    DriverEvent event = jobEvents.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("no event of a job came within " + TIMEOUT_SECONDS + " s");
    }
    return event;
  }

  /** Adds a file to the session; returns why that failed, or nothing. */
  String add(ResourceKind kind, String uri) throws InterruptedException {
    resources.add(new DriverCommand.AddResource(5, kind, uri));
    return ((DriverEvent.ResourceAdded) nextOfJobs()).error();
  }

  /** Sends a piece of a file. */
  DriverEvent.FilePartTaken upload(String folder, String name, byte[] bytes)
      throws InterruptedException {
    resources.take(new DriverCommand.AddFilePart(6, folder, name, bytes));
    return (DriverEvent.FilePartTaken) nextOfJobs();
  }

  /** Returns its Spark. */
  SparkTools spark() {
    return tools;
  }

  /** Runs a statement of another language and waits for its end. */
  Ended runAs(String kind, String code) throws InterruptedException {
    return await(submitAs(kind, code));
  }

  /** Submits a statement of another language and returns its id. */
  int submitAs(String kind, String code) {
    int id = nextId++;
    runner.submit(new DriverCommand.Execute(id, kind, code, ExecuteOptions.PLAIN));
    return id;
  }

  /** Runs Scala and waits for its end. */
  Ended run(String code) throws InterruptedException {
    return await(submit(code));
  }

  /** Submits Scala and returns its id. */
  int submit(String code) {
    return submit(code, ExecuteOptions.PLAIN);
  }

  /** Submits Scala and returns its id. */
  int submit(String code, ExecuteOptions options) {
    int id = nextId++;
    runner.submit(new DriverCommand.Execute(id, "spark", code, options));
    return id;
  }

  /** Answers what a statement asks. */
  void answer(int id, String text) {
    runner.answer(new DriverCommand.AnswerInput(id, text));
  }

  /** Passes on what a front end says by a comm. */
  void handle(int requestId, CommMessage message) {
    comms.handle(new DriverCommand.HandleComm(requestId, message));
  }

  /** Cancels a statement. */
  void cancel(int id) {
    runner.cancel(id);
  }

  /** Downloads the table of a statement, of which the driver may send so many pieces. */
  int download(int statement, ResultFormat format, int parts) {
    int id = nextDownload++;
    runner
        .downloads()
        .start(
            new DriverCommand.SendResult(
                id, new ResultSource.OfStatement(statement), format, parts));
    return id;
  }

  /** Lets a download go on. */
  void sendMore(int download, int parts) {
    runner.downloads().more(new DriverCommand.SendMoreResult(download, parts));
  }

  /** Stops a download. */
  void stop(int download) {
    runner.downloads().stop(download);
  }

  /** Returns what has come of downloads, and waits for nothing. */
  List<DriverEvent> resultEvents() {
    List<DriverEvent> come = new ArrayList<>();
    events.drainTo(come);
    return come.stream().filter(DriverEvent.OfResult.class::isInstance).toList();
  }

  /** Runs Scala for a client that wants more than the text of values, and waits for its end. */
  Ended runRich(String code, Expression... expressions) throws InterruptedException {
    return await(submit(code, new ExecuteOptions(true, false, List.of(expressions))));
  }

  /** Asks what a name means, at the place of a bar. */
  DriverEvent.Inspected inspect(String marked, boolean detailed) throws InterruptedException {
    int cursor = marked.indexOf('|');
    String code = marked.substring(0, cursor) + marked.substring(cursor + 1);
    runner.questions().inspect(new DriverCommand.Inspect(0, "spark", code, cursor, detailed));
    return nextOf(DriverEvent.Inspected.class);
  }

  /** Asks about a text. */
  Completeness completeness(String code) throws InterruptedException {
    runner.questions().check(new DriverCommand.CheckCompleteness(0, "spark", code));
    return nextOf(DriverEvent.CompletenessChecked.class).completeness();
  }

  /** Asks how a text could go on at the place of a bar in it. */
  DriverEvent.Completed complete(String marked) throws InterruptedException {
    int cursor = marked.indexOf('|');
    return complete(marked.substring(0, cursor) + marked.substring(cursor + 1), cursor);
  }

  /** Asks how a text could go on. */
  DriverEvent.Completed complete(String code, int cursor) throws InterruptedException {
    runner.questions().complete(new DriverCommand.Complete(0, "spark", code, cursor));
    return nextOf(DriverEvent.Completed.class);
  }

  /** Waits for the first event of a type. */
  <T extends DriverEvent> T nextOf(Class<T> type) throws InterruptedException {
    while (true) {
      DriverEvent event = next();
      if (type.isInstance(event)) {
        return type.cast(event);
      }
    }
  }

  /** Runs Scala for a client that can be asked, and answers what it asks. */
  Ended converse(String code, String... answers) throws InterruptedException {
    int id = submit(code, MAY_ASK);
    return await(id, new ArrayDeque<>(List.of(answers)));
  }

  /** Waits for the end of a statement. */
  Ended await(int id) throws InterruptedException {
    return await(id, new ArrayDeque<>());
  }

  private Ended await(int id, Queue<String> answers) throws InterruptedException {
    List<StatementOutput> outputs = new ArrayList<>();
    List<DriverEvent> all = new ArrayList<>();
    while (true) {
      DriverEvent event = next();
      if (!(event instanceof DriverEvent.OfStatement about) || about.statementId() != id) {
        continue;
      }
      all.add(event);
      if (event instanceof DriverEvent.InputRequested && !answers.isEmpty()) {
        answer(id, answers.remove());
      } else if (event instanceof DriverEvent.StatementPutOut put) {
        outputs.add(put.output());
      } else if (event instanceof DriverEvent.StatementSucceeded) {
        return new Ended(id, outputs, all, null);
      } else if (event instanceof DriverEvent.StatementFailed failed) {
        return new Ended(id, outputs, all, failed.error());
      }
    }
  }

  private DriverEvent next() throws InterruptedException {
    DriverEvent event = events.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (event == null) {
      throw new AssertionError("no event came within " + TIMEOUT_SECONDS + " s");
    }
    return event;
  }
}
