package io.polybius.driver.interpreter.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.process.KeptProcess;
import io.polybius.driver.interpreter.process.LanguageProcess;
import io.polybius.driver.interpreter.process.ProcessEnded;
import io.polybius.notebook.Comms;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import py4j.ClientServer;

/** A process of Python that works on the driver's Spark, from its start to its end. */
final class PythonProcess implements KeptProcess.Started {

  private static final Logger log = LoggerFactory.getLogger(PythonProcess.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  /** What Python runs, and what that imports. */
  private static final List<String> PROGRAM =
      List.of(
          "polybius_python.py",
          "polybius_shells.py",
          "polybius_values.py",
          "polybius_frames.py",
          "polybius_streams.py",
          "polybius_jobs.py",
          "polybius_pickles.py",
          "polybius_comms.py",
          "polybius_kernel.py",
          "polybius_figures.py",
          "polybius_matplotlib.py");

  private final PythonGate gate;
  private final ClientServer server;
  private final LanguageProcess process;
  private volatile String problem = "";

  private PythonProcess(
      SparkSession session,
      SharedValues sharedValues,
      Comms comms,
      Path directory,
      PythonGate.Outputs outputs)
      throws IOException {
    SparkContext spark = session.sparkContext();
    String secret = new BigInteger(128, RANDOM).toString(16);
    this.gate = new PythonGate(session, sharedValues, comms, this::awaitStreams, outputs);
    this.server =
        new ClientServer.ClientServerBuilder(gate)
            .javaAddress(InetAddress.getLoopbackAddress())
            .javaPort(0)
            .authToken(secret)
            .build();
    server.startServer(true);
    try {
      writeProgram(directory);
      PythonSettings settings = PythonSettings.of(spark, System.getenv());
      ProcessBuilder builder =
          new ProcessBuilder(settings.program(), directory.resolve(PROGRAM.get(0)).toString());
      builder.directory(settings.workingDirectory().toFile());
      Map<String, String> environment = builder.environment();
      environment.putAll(settings.environment());
      // Processes that the user's code starts find matplotlib's backend there.
      environment.merge(
          "PYTHONPATH", directory.toString(), (others, own) -> others + File.pathSeparator + own);
      environment.put("POLYBIUS_PROGRAM", settings.program());
      environment.put(
          "PYSPARK_GATEWAY_PORT", String.valueOf(server.getJavaServer().getListeningPort()));
      environment.put("PYSPARK_GATEWAY_SECRET", secret);
      this.process = start(builder, settings.program());
    } catch (IOException | RuntimeException e) {
      server.shutdown();
      throw e;
    }
    process.whenEnded(gate::close);
  }

  private static LanguageProcess start(ProcessBuilder builder, String program) throws IOException {
    try {
      return new LanguageProcess("Python", builder);
    } catch (IOException e) {
      throw new IOException(
          "There is no Python to be started as "
              + program
              + "; spark.pyspark.python or PYSPARK_PYTHON says which one to take. "
              + e.getMessage(),
          e);
    }
  }

  private static void writeProgram(Path directory) throws IOException {
    Files.createDirectories(directory);
    for (String file : PROGRAM) {
      try (InputStream in = PythonProcess.class.getResourceAsStream(file)) {
        Files.write(directory.resolve(file), in.readAllBytes());
      }
    }
  }

  /**
   * Starts Python, and waits until it can take commands.
   *
   * @param sharedValues what the session shares
   * @param comms of the session
   * @param directory for the program that Python runs
   * @throws IOException if it does not start; the message is for the user
   */
  static PythonProcess start(
      SparkSession session,
      SharedValues sharedValues,
      Comms comms,
      Path directory,
      PythonGate.Outputs outputs)
      throws IOException, InterruptedException {
    PythonProcess started = new PythonProcess(session, sharedValues, comms, directory, outputs);
    try {
      started.problem = started.gate.isReady().get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      started.process.ready();
      return started;
    } catch (ExecutionException e) {
      started.close();
      throw new IOException("Python did not start. " + started.process.lastWords(), e.getCause());
    } catch (TimeoutException e) {
      started.close();
      throw new IOException(
          "Python was not ready within "
              + START_TIMEOUT.toSeconds()
              + " s. "
              + started.process.lastWords(),
          e);
    } catch (InterruptedException e) {
      started.close();
      throw e;
    }
  }

  private void awaitStreams(int mark, Duration patience) throws InterruptedException {
    if (!process.awaitOutput(mark, patience) || !process.awaitErrors(mark, patience)) {
      log.debug("Python has closed its streams, or they are slow");
    }
  }

  @Override
  public String notice() {
    return problem;
  }

  @Override
  public boolean isAlive() {
    return process.isAlive() && !gate.isClosed();
  }

  /**
   * Has Python do something, and waits for it as long as it takes.
   *
   * @throws ProcessEnded if it ends meanwhile
   */
  PythonGate.Answer run(ObjectNode command, Execution execution) throws ProcessEnded {
    process.worksFor(execution);
    CompletableFuture<PythonGate.Answer> answer = gate.run(command, execution);
    if (!process.isAlive()) {
      throw process.howItEnded();
    }
    return LanguageProcess.await(answer);
  }

  /**
   * Has Python run a job beside its statements, and waits for it as long as it takes.
   *
   * @throws ProcessEnded if it ends meanwhile
   */
  PythonJob.Outcome run(PythonJob job) throws ProcessEnded {
    return LanguageProcess.await(gate.jobs().run(job));
  }

  /** Has Python interrupt a job; called again and again until that has ended. */
  void interruptJob(int id) {
    gate.jobs().interrupt(id);
  }

  /** Asks Python something, and waits for the answer no longer than that. */
  Optional<JsonNode> ask(ObjectNode question, Duration patience) {
    try {
      return Optional.of(gate.ask(question).get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.debug("Python gives no answer", e);
    }
    return Optional.empty();
  }

  /**
   * Lets a {@code KeyboardInterrupt} be raised in the code that runs, and interrupts the processes
   * that it has started.
   */
  @Override
  public void interrupt() {
    process.interrupt();
  }

  @Override
  public void kill(ProcessEnded reason) {
    gate.close(reason);
    process.kill();
  }

  /** Ends Python, with the processes that it has started. */
  @Override
  public void close() {
    process.close(() -> gate.close(new ProcessEnded("the session ends")));
    server.shutdown();
  }
}
