package io.polybius.driver.interpreter.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.process.MarkedStream;
import io.polybius.driver.protocol.StreamName;
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
import java.util.ArrayList;
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
final class PythonProcess implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PythonProcess.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration END_TIMEOUT = Duration.ofSeconds(2);

  /** What Python runs, and what that imports. */
  private static final List<String> PROGRAM =
      List.of(
          "polybius_python.py",
          "polybius_shells.py",
          "polybius_values.py",
          "polybius_comms.py",
          "polybius_kernel.py",
          "polybius_figures.py",
          "polybius_matplotlib.py");

  private final PythonGate gate;
  private final ClientServer server;
  private final Process process;
  private final MarkedStream out;
  private final MarkedStream err;
  private final StringBuilder lastWords = new StringBuilder();
  private volatile Execution latest = Execution.UNSEEN;
  private volatile boolean isReady;
  private volatile String problem = "";

  private PythonProcess(
      SparkSession session,
      SharedValues sharedValues,
      Comms comms,
      Path directory,
      PythonGate.Outputs outputs)
      throws IOException {
    SparkContext spark = session.sparkContext();
    String secret = random();
    String mark = "\u0001" + random() + ":";
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
      environment.put("POLYBIUS_MARK", mark);
      this.process = start(builder, settings.program());
    } catch (IOException | RuntimeException e) {
      server.shutdown();
      throw e;
    }
    this.out = stream("python-out", process.getInputStream(), mark, StreamName.STDOUT);
    this.err = stream("python-err", process.getErrorStream(), mark, StreamName.STDERR);
    CompletableFuture<Void> unused =
        process.onExit().thenAccept(ended -> gate.close(new PythonEnded(howItEnded())));
  }

  private static Process start(ProcessBuilder builder, String program) throws IOException {
    try {
      return builder.start();
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

  /** Python is not there any more. */
  static final class PythonEnded extends Exception {
    private static final long serialVersionUID = 1;

    PythonEnded(String message) {
      super(message);
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
      started.isReady = true;
      return started;
    } catch (ExecutionException e) {
      started.close();
      throw new IOException("Python did not start. " + started.lastWords(), e.getCause());
    } catch (TimeoutException e) {
      started.close();
      throw new IOException(
          "Python was not ready within " + START_TIMEOUT.toSeconds() + " s. " + started.lastWords(),
          e);
    } catch (InterruptedException e) {
      started.close();
      throw e;
    }
  }

  private static String random() {
    return new BigInteger(128, RANDOM).toString(16);
  }

  private MarkedStream stream(String name, InputStream in, String mark, StreamName stream) {
    return new MarkedStream(
        name, in, mark, (bytes, offset, length) -> print(stream, bytes, offset, length));
  }

  private void print(StreamName stream, byte[] bytes, int offset, int length) {
    if (isReady) {
      latest.print(stream, bytes, offset, length);
    } else {
      synchronized (lastWords) {
        lastWords.append(
            new String(bytes, offset, length, java.nio.charset.StandardCharsets.UTF_8));
      }
    }
  }

  private String lastWords() {
    synchronized (lastWords) {
      return lastWords.toString().strip();
    }
  }

  private void awaitStreams(int mark, Duration patience) throws InterruptedException {
    if (!out.await(mark, patience) || !err.await(mark, patience)) {
      log.debug("Python has closed its streams, or they are slow");
    }
  }

  private String howItEnded() {
    int code = process.exitValue();
    return code > 128 ? "it was killed by signal " + (code - 128) : "with exit code " + code;
  }

  /** Returns what the user should know before the first statement; empty if all is well. */
  String problem() {
    return problem;
  }

  /** Returns whether it can take commands. */
  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Has Python do something, and waits for it as long as it takes.
   *
   * @throws PythonEnded if it ends meanwhile
   */
  PythonGate.Answer run(ObjectNode command, Execution execution) throws PythonEnded {
    latest = execution;
    CompletableFuture<PythonGate.Answer> answer = gate.run(command, execution);
    if (!process.isAlive()) {
      throw new PythonEnded(howItEnded());
    }
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return answer.get();
        } catch (InterruptedException e) {
          // Python is told of an interrupt by a signal, and answers then.
          interrupted = true;
        } catch (ExecutionException e) {
          throw e.getCause() instanceof PythonEnded ended
              ? ended
              : new PythonEnded(String.valueOf(e.getCause().getMessage()));
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
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
  void interrupt() {
    signal("INT");
  }

  /**
   * Sends a signal to the process group, whose number is that of Python, also when that is gone.
   */
  private void signal(String signal) {
    try {
      Process kill =
          new ProcessBuilder("kill", "-s", signal, "--", "-" + process.pid())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      kill.waitFor(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IOException e) {
      log.warn("Python cannot be sent the signal {}", signal, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends Python in the midst of what it does. */
  void kill(String why) {
    gate.close(new PythonEnded(why));
    process.destroyForcibly();
  }

  /** Ends Python, with the processes that it has started. */
  @Override
  public void close() {
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    gate.close(new PythonEnded("the session ends"));
    try {
      if (!process.waitFor(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    all.forEach(ProcessHandle::destroyForcibly);
    // Those that have outlived it, and their parents.
    signal("KILL");
    server.shutdown();
  }
}
