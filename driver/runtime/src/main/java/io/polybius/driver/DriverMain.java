package io.polybius.driver;

import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.ServedClasses;
import io.polybius.driver.interpreter.SessionResources;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.SparkProgress;
import io.polybius.driver.interpreter.SparkSlot;
import io.polybius.driver.interpreter.SparkStart;
import io.polybius.driver.interpreter.SparkTools;
import io.polybius.driver.interpreter.jupyter.JupyterInterpreter;
import io.polybius.driver.interpreter.python.PythonInterpreter;
import io.polybius.driver.interpreter.r.RInterpreter;
import io.polybius.driver.interpreter.sql.SqlInterpreter;
import io.polybius.driver.job.CompiledJobs;
import io.polybius.driver.job.DriverJobContext;
import io.polybius.driver.job.JobRunner;
import io.polybius.driver.job.PythonJobs;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverDialer;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.magic.Magics;
import io.polybius.notebook.Kernel;
import io.polybius.notebook.Notebook;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver process. Its one argument is the file that {@link DriverSettings} reads, or {@code
 * --environment} if a variable has the settings; with {@code --train DIRECTORY} in its place it
 * starts Spark and the REPL without a server, runs a few statements and ends, so that the JVM can
 * archive the classes that a driver needs.
 */
public final class DriverMain {

  private static final Logger log = LoggerFactory.getLogger(DriverMain.class);

  /** Time for Spark to stop, after which the process ends anyhow. */
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(8);

  /** The same where a cluster is told of the end, and ends the process when it has heard. */
  private static final Duration CLUSTER_STOP_PATIENCE = Duration.ofSeconds(60);

  /** The setting of Spark by which the launcher tells what the session's statements are in. */
  private static final String KIND = "spark.polybius.kind";

  private final DriverSettings settings;
  private final OutputCapture capture;
  private final CompletableFuture<String> end = new CompletableFuture<>();
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(2, DriverMain::daemon);
  private final CompletableFuture<Map<String, String>> sparkSettings = new CompletableFuture<>();
  private final SharedValues shared = new SharedValues();

  // Set before the runner of statements:
  private JobRunner jobs;
  private DriverJobContext jobContext;
  private SessionResources resources;
  private volatile StatementRunner runner;

  private DriverMain(DriverSettings settings, OutputCapture capture) {
    this.settings = settings;
    this.capture = capture;
    timer.setRemoveOnCancelPolicy(true);
  }

  /**
   * Runs the driver until the server ends it or is gone for too long.
   *
   * @throws IllegalStateException if it could not work and its cluster is to know
   */
  public static void main(String[] arguments) throws Exception {
    OutputCapture capture = new OutputCapture();
    capture.install();
    // Plots are drawn without a screen, also where the server's environment names one.
    System.setProperty("java.awt.headless", "true");
    if (arguments.length == 2 && arguments[0].equals("--train")) {
      Training.run(Path.of(arguments[1]));
      System.exit(0);
    }
    DriverSettings settings =
        arguments[0].equals("--environment")
            ? DriverSettings.ofText(System.getenv(DriverSettings.VARIABLE))
            : DriverSettings.take(Path.of(arguments[0]));
    // The JVM has read its options, and spark-submit its settings; those of users can be secrets.
    Files.deleteIfExists(settings.workDirectory().resolve("java.arguments"));
    Files.deleteIfExists(settings.workDirectory().resolve("spark.properties"));
    Optional<String> failure = new DriverMain(settings, capture).run();
    if (!settings.endsByReturning()) {
      // Threads of user code must not keep the process alive.
      System.exit(failure.isEmpty() ? 0 : 1);
    } else if (failure.isPresent()) {
      throw new IllegalStateException(failure.get());
    }
  }

  /** Returns why the driver could not work, if that is so. */
  private Optional<String> run() throws IOException, GeneralSecurityException {
    DriverDialer dialer =
        new DriverDialer(
            settings.driver(),
            settings.secret(),
            settings.servers(),
            tls(),
            settings.serverPatience(),
            new Commands());
    OpenComms comms = new OpenComms(capture, dialer.connection()::send);
    Optional<String> failure = Optional.empty();
    SparkStart spark = null;
    try {
      PythonInterpreter python =
          new PythonInterpreter(
              () -> (SparkSession) SparkSlot.await(),
              shared,
              comms,
              settings.workDirectory().resolve("python"));
      CompletableFuture<Void> unused =
          sparkSettings.thenAccept(
              wanted -> {
                if (python.kind().equals(wanted.get(KIND))) {
                  python.startAhead();
                }
              });
      settings.spark().ifPresent(sparkSettings::complete);
      Notebook.provide(new Kernel(new NotebookFrontEnd(capture, shared), comms));
      CompilerWarmUp.start(settings.workDirectory().resolve("warm-up"), this::idleTime);
      spark = SparkStart.begin(settings.workDirectory().resolve("classes"), sparkSettings);
      serve(spark, python, comms, dialer.connection());
    } catch (Exception | LinkageError e) {
      log.error("the driver failed", e);
      Throwable cause = e.getCause() == null ? e : e.getCause();
      failure = Optional.of("The driver failed: " + cause);
      dialer.connection().send(new DriverEvent.DriverFailed(failure.get()));
    }
    Watchdog.haltAfter(settings.endsByReturning() ? CLUSTER_STOP_PATIENCE : STOP_PATIENCE);
    if (runner != null) {
      close(jobs);
      close(jobContext);
      close(resources);
      close(runner);
    }
    close(comms);
    if (spark != null) {
      close(spark.context()::stop);
    }
    close(dialer);
    deleteRecursively(settings.workDirectory());
    return failure;
  }

  /** Whatever one says, the others are closed too. */
  private static void close(AutoCloseable part) {
    try {
      part.close();
    } catch (Exception | LinkageError e) {
      log.warn("a part of the driver could not be closed", e);
    }
  }

  private void serve(
      SparkStart spark,
      PythonInterpreter python,
      OpenComms comms,
      DriverConnection<DriverEvent> server)
      throws IOException, InterruptedException {
    SparkProgress progress = new SparkProgress(server::send, timer);
    spark.context().addSparkListener(progress);
    SparkTools tools = new SparkTools(spark, settings.workDirectory().resolve("jars"));
    StatementRunner statements =
        new StatementRunner(
            new StatementRunner.Tools(
                interpreters(spark, python),
                Magics.load(spark.classLoader(), log::warn),
                tools,
                shared,
                capture,
                comms,
                progress,
                server::send,
                timer,
                settings.maxOutputChars(),
                StatementRunner.QUESTION_PATIENCE));
    Path directory = settings.workDirectory();
    ServedClasses.add(
        spark.context(), directory.resolve("api/polybius-job-api.jar"), CompiledJobs.CLASSES);
    jobContext = new DriverJobContext(spark.session(), shared, directory.resolve("job-files"));
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
                server::send,
                timer,
                JobRunner.Limits.DEFAULT));
    resources =
        new SessionResources(
            tools,
            directory.resolve("uploads"),
            python::include,
            server::send,
            timer,
            SessionResources.PATIENCE);
    // From here on commands are obeyed.
    runner = statements;
    server.send(
        new DriverEvent.DriverReady(
            spark.context().version(),
            SparkStart.scalaVersion(),
            spark.context().applicationId(),
            spark.context().uiWebUrl().isDefined() ? spark.context().uiWebUrl().get() : ""));
    log.info("the driver ends: {}", end.join());
  }

  private List<Interpreter> interpreters(SparkStart spark, PythonInterpreter python) {
    List<Interpreter> all = new ArrayList<>();
    all.add(spark.scala());
    all.add(python);
    all.add(new RInterpreter(spark.session(), settings.workDirectory().resolve("r")));
    all.add(new SqlInterpreter(spark.session()));
    all.addAll(
        JupyterInterpreter.installed(
            settings.kernelFolders(), settings.workDirectory().resolve("jupyter")));
    return all;
  }

  /** Returns for how long nobody has waited for anything that the driver does. */
  private Duration idleTime() {
    StatementRunner statements = runner;
    if (statements != null) {
      Duration sinceStatement = statements.idleTime();
      Duration sinceJob = jobs.idleTime();
      return sinceStatement.compareTo(sinceJob) < 0 ? sinceStatement : sinceJob;
    }
    // A driver that was started ahead has nothing to do once its REPL is up.
    return sparkSettings.isDone() ? Duration.ZERO : SparkSlot.awaitedFor();
  }

  private void obey(DriverCommand command, StatementRunner statements) {
    if (command instanceof DriverCommand.Shutdown) {
      end.complete("the server said so");
    } else if (command instanceof DriverCommand.Execute execute) {
      statements.submit(execute);
    } else if (command instanceof DriverCommand.Cancel cancel) {
      statements.cancel(cancel.statementId());
    } else if (command instanceof DriverCommand.AnswerInput answer) {
      statements.answer(answer);
    } else if (command instanceof DriverCommand.HandleComm message) {
      statements.comms().handle(message);
    } else if (command instanceof DriverCommand.SendResult download) {
      statements.downloads().start(download);
    } else if (command instanceof DriverCommand.SendMoreResult more) {
      statements.downloads().more(more);
    } else if (command instanceof DriverCommand.StopResult download) {
      statements.downloads().stop(download.downloadId());
    } else if (command instanceof DriverCommand.RunJob job) {
      jobs.run(job);
    } else if (command instanceof DriverCommand.CancelJob job) {
      jobs.cancel(job.jobId());
    } else if (command instanceof DriverCommand.AddResource resource) {
      resources.add(resource);
    } else if (command instanceof DriverCommand.AddFilePart part) {
      resources.take(part);
    } else if (command instanceof DriverCommand.CheckCompleteness question) {
      statements.questions().check(question);
    } else if (command instanceof DriverCommand.Complete question) {
      statements.questions().complete(question);
    } else if (command instanceof DriverCommand.Inspect question) {
      statements.questions().inspect(question);
    }
  }

  private final class Commands implements DriverConnection.Receiver<DriverCommand> {
    @Override
    public void received(long sequence, DriverCommand command) {
      if (runner != null) {
        obey(command, runner);
      } else if (command instanceof DriverCommand.StartSpark start) {
        sparkSettings.complete(settingsOf(start));
      } else if (command instanceof DriverCommand.Shutdown) {
        // Spark is still starting, and nobody waits for it any more.
        deleteRecursively(settings.workDirectory());
        Runtime.getRuntime().halt(0);
      } else {
        log.warn("a command came before the driver was ready: {}", command.getClass());
      }
    }

    @Override
    public void closed(String reason) {
      end.complete(reason);
      if (runner == null) {
        deleteRecursively(settings.workDirectory());
        Runtime.getRuntime().halt(1);
      }
    }
  }

  private static Map<String, String> settingsOf(DriverCommand.StartSpark start) {
    Map<String, String> settings = new TreeMap<>();
    Iterator<String> parts = start.settings().iterator();
    while (parts.hasNext()) {
      settings.put(parts.next(), parts.next());
    }
    return settings;
  }

  private SSLContext tls() throws IOException, GeneralSecurityException {
    char[] password = settings.keyStorePassword().toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(settings.keyStore()), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "driver");
    thread.setDaemon(true);
    return thread;
  }

  private static void deleteRecursively(Path directory) {
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
              // The compiler's warm-up may still write and remove files.
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure)
                throws IOException {
              Files.deleteIfExists(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException | UncheckedIOException e) {
      log.info("{} could not be deleted: {}", directory, e.toString());
    }
  }

  /** Ends the process when its orderly end takes too long. */
  private static final class Watchdog {
    private Watchdog() {}

    static void haltAfter(Duration patience) {
      CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> Runtime.getRuntime().halt(2));
    }
  }
}
