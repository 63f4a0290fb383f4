package io.polybius.driver.interpreter.r;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.interpreter.process.KeptProcess;
import io.polybius.driver.interpreter.process.LanguageProcess;
import io.polybius.driver.interpreter.process.ProcessEnded;
import io.polybius.notebook.NoInputException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of R, from its start to its end. It takes commands by a pipe, and answers each of them
 * in turn. What it says is in files, each of which is there when its number is in a mark of the
 * standard output; so it comes in the order in which it was said among what is printed, and no
 * signal can tear it.
 */
final class RProcess implements KeptProcess.Started {

  private static final Logger log = LoggerFactory.getLogger(RProcess.class);
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  /** How often to look whether the process is there still. */
  private static final Duration POLL = Duration.ofMillis(500);

  /** A process ends a moment later than its streams. */
  private static final Duration LAG = Duration.ofMillis(10);

  /** How long output may take from R's standard error to here. */
  private static final Duration STREAM_PATIENCE = Duration.ofSeconds(5);

  private static final String PROGRAM = "polybius_r.R";

  /** Gives R its commands as file 3: what R starts finds an empty standard input. */
  private static final String WITH_COMMANDS = "exec \"$@\" 3<&0 </dev/null";

  /** Texts are as long as R makes them, which has bounds of its own. */
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
              .build());

  private final LanguageProcess process;
  private final Path folder;
  private final Outputs outputs;

  // Guarded by this; the first one is being answered.
  private final Queue<Asked> asked = new ArrayDeque<>();

  private boolean isBusy;
  private Optional<ProcessEnded> end = Optional.empty();

  /** What was wrong with an earlier message of the statement; of the thread that reads. */
  private Optional<String> unusable = Optional.empty();

  /** Takes what a statement puts out. */
  interface Outputs {
    /** Takes something that is to be shown. */
    void put(String kind, JsonNode what, Execution execution) throws IOException;
  }

  /** A command that R has not answered yet. */
  private record Asked(Execution execution, CompletableFuture<JsonNode> answer) {}

  /** Begins to listen; what R says first is the answer to a command that nobody has given. */
  private RProcess(
      LanguageProcess process, Path folder, Outputs outputs, CompletableFuture<JsonNode> greeting) {
    this.process = process;
    this.folder = folder;
    this.outputs = outputs;
    asked.add(new Asked(Execution.UNSEEN, greeting));
    Thread reader = new Thread(this::readAll, "r-messages");
    reader.setDaemon(true);
    reader.start();
  }

  /** What R says of itself when it has started. */
  record Greeting(String version, boolean hasSparkR) {}

  /** A process that can take commands. */
  record Ready(RProcess process, Greeting greeting) {}

  /**
   * Starts R, and waits until it can take commands.
   *
   * @param directory for its files, which others cannot read
   * @throws IOException if it does not start; the message is for the user
   */
  static Ready start(RSettings settings, Path directory, Outputs outputs)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Path folder = Files.createTempDirectory(directory, "r-");
    Path program = folder.resolve(PROGRAM);
    try (InputStream in = RProcess.class.getResourceAsStream(PROGRAM)) {
      Files.write(program, in.readAllBytes());
    }
    List<String> all = new ArrayList<>(List.of("sh", "-c", WITH_COMMANDS, "sh"));
    all.addAll(settings.command(program));
    ProcessBuilder builder = new ProcessBuilder(all);
    builder.environment().putAll(settings.environment());
    builder.environment().put("POLYBIUS_FOLDER", folder.toString());
    builder.environment().put("TMPDIR", folder.toString());
    LanguageProcess process = new LanguageProcess("R", builder);
    CompletableFuture<JsonNode> greeting = new CompletableFuture<>();
    RProcess started = new RProcess(process, folder, outputs, greeting);
    try {
      JsonNode first = greeting.get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      process.ready();
      return new Ready(
          started, new Greeting(first.path("version").asText(), first.path("sparkr").asBoolean()));
    } catch (ExecutionException e) {
      started.close();
      throw new IOException("R did not start. " + process.lastWords(), e.getCause());
    } catch (TimeoutException e) {
      started.close();
      throw new IOException(
          "R was not ready within " + START_TIMEOUT.toSeconds() + " s. " + process.lastWords(), e);
    } catch (InterruptedException e) {
      started.close();
      throw e;
    }
  }

  // ---- what the driver says

  /**
   * Has R do something for a statement, and waits for it as long as it takes.
   *
   * @throws ProcessEnded if it ends meanwhile
   */
  JsonNode run(List<String> command, Execution execution) throws ProcessEnded {
    process.worksFor(execution);
    try {
      return LanguageProcess.await(send(command, execution, true));
    } finally {
      synchronized (this) {
        isBusy = false;
      }
    }
  }

  /**
   * Asks R something, and waits for the answer no longer than that; R has no time for it while it
   * runs a statement.
   */
  Optional<JsonNode> ask(List<String> question, Duration patience) {
    CompletableFuture<JsonNode> answer;
    synchronized (this) {
      if (isBusy) {
        return Optional.empty();
      }
      answer = send(question, Execution.UNSEEN, false);
    }
    try {
      return Optional.of(answer.get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.debug("R gives no answer", e);
    }
    return Optional.empty();
  }

  private synchronized CompletableFuture<JsonNode> send(
      List<String> command, Execution execution, boolean isStatement) {
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    if (end.isPresent()) {
      answer.completeExceptionally(end.get());
      return answer;
    }
    isBusy = isStatement;
    asked.add(new Asked(execution, answer));
    write(command);
    return answer;
  }

  private synchronized void write(List<String> parts) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(parts.size());
      for (String part : parts) {
        // R's texts cannot have this character.
        byte[] text = part.replace('\0', '\uFFFD').getBytes(StandardCharsets.UTF_8);
        out.writeInt(text.length);
        out.write(text);
      }
      bytes.writeTo(process.input());
      process.input().flush();
    } catch (IOException e) {
      // Whoever waits for an answer hears of the end.
      log.debug("R does not read any more", e);
    }
  }

  // ---- what R says

  private void readAll() {
    try {
      int number = 1;
      boolean wasAlive = true;
      while (true) {
        if (process.awaitOutput(number, POLL)) {
          read(number++);
        } else if (wasAlive) {
          wasAlive = !process.awaitEnd(LAG);
        } else {
          process.awaitErrors(Integer.MAX_VALUE, POLL);
          ended(process.howItEnded());
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void ended(ProcessEnded how) {
    end = end.or(() -> Optional.of(how));
    asked.forEach(each -> each.answer().completeExceptionally(how));
    asked.clear();
  }

  private void read(int number) throws InterruptedException {
    if (!process.awaitErrors(number, STREAM_PATIENCE)) {
      log.debug("R has closed its standard error, or it is slow");
    }
    Execution execution = current();
    String kind = "";
    try {
      Path file = folder.resolve("message-" + number);
      String message = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      Files.delete(file);
      kind = message.substring(0, message.indexOf('\n'));
      JsonNode what = JSON.readTree(message.substring(kind.length() + 1));
      switch (kind) {
        case "done" -> done(what);
        case "ask" -> write(answer(what, execution));
        default -> outputs.put(kind, what, execution);
      }
    } catch (InterruptedException e) {
      throw e;
    } catch (Throwable e) {
      // Also checked exceptions, which Spark throws without declaring them.
      log.warn("a message of R cannot be used: {}", e.getClass().getName());
      log.debug("a message of R cannot be used", e);
      cannotUse(kind, "what R says cannot be used: " + e);
    }
  }

  /** Sees to it that neither the statement nor R waits for ever for the other one. */
  private void cannotUse(String kind, String problem) {
    switch (kind) {
      case "" -> kill(new ProcessEnded(problem));
      case "ask" -> write(List.of("refused", problem));
      default -> {
        unusable = Optional.of(problem);
        if (kind.equals("done")) {
          done(JSON.createObjectNode());
        }
      }
    }
  }

  private synchronized Execution current() {
    return asked.isEmpty() ? Execution.UNSEEN : asked.peek().execution();
  }

  private synchronized void done(JsonNode answer) {
    JsonNode said =
        unusable
            .<JsonNode>map(problem -> JSON.createObjectNode().put("failed", problem))
            .orElse(answer);
    unusable = Optional.empty();
    Optional.ofNullable(asked.poll()).ifPresent(first -> first.answer().complete(said));
  }

  private static List<String> answer(JsonNode question, Execution execution)
      throws InterruptedException {
    try {
      return execution
          .ask(question.path("prompt").asText(), question.path("password").asBoolean())
          .map(line -> List.of("answer", line))
          .orElse(List.of("end"));
    } catch (NoInputException e) {
      return List.of("refused", String.valueOf(e.getMessage()));
    } catch (CancellationException e) {
      return List.of("cancelled");
    }
  }

  // ---- its life

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void interrupt() {
    process.interrupt();
  }

  @Override
  public void kill(ProcessEnded reason) {
    ended(reason);
    process.kill();
  }

  /** Ends R, with the processes that it has started. */
  @Override
  public void close() {
    process.close();
  }
}
