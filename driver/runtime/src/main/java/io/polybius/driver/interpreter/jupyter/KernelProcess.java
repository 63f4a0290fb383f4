package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.interpreter.process.KeptProcess;
import io.polybius.driver.interpreter.process.LanguageProcess;
import io.polybius.driver.interpreter.process.ProcessEnded;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.notebook.NoInputException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process of a Jupyter kernel, from its start to its end, and what is said to it. */
final class KernelProcess implements KeptProcess.Started {

  private static final Logger log = LoggerFactory.getLogger(KernelProcess.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration ASK_AGAIN = Duration.ofMillis(500);

  /** How long a kernel that answers may take to listen on all channels; not all kernels do. */
  private static final Duration CONNECTED_TIMEOUT = Duration.ofSeconds(5);

  /** How long the word that a request is done may take once its reply is there. */
  private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);

  /** How long the last output of a process that has ended may be on its way. */
  private static final Duration LAST_OUTPUT = Duration.ofMillis(300);

  private static final String NO_MORE_INPUT = "\u0004";

  private final InstalledKernel kernel;
  private final Path connectionFile;
  private final LanguageProcess process;
  private final KernelLink link;
  private final Map<String, CompletableFuture<KernelMessage>> asked = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> heard = new CompletableFuture<>();
  private volatile Execution latest = Execution.UNSEEN;
  private volatile Optional<KernelRun> current = Optional.empty();

  /** Why the process was ended, if it was. */
  private volatile Optional<ProcessEnded> killed = Optional.empty();

  private KernelProcess(InstalledKernel kernel, Path directory) throws IOException {
    this.kernel = kernel;
    String session = UUID.randomUUID().toString();
    ConnectionFile connection = ConnectionFile.onLoopback(kernel.name(), random());
    this.connectionFile = connection.write(directory);
    try {
      this.process =
          new LanguageProcess(
              "kernel " + kernel.name(),
              new KernelCommand(kernel, System.getenv()).builder(connectionFile));
    } catch (IOException e) {
      Files.deleteIfExists(connectionFile);
      throw e;
    }
    this.link =
        new KernelLink(
            connection.ports(),
            session,
            new MessageCodec(connection.key(), session, Clock.systemUTC()),
            this::received);
    process.whenEnded(this::ended);
  }

  /**
   * Starts a kernel, and waits until it can take requests.
   *
   * @param directory for its connection file
   * @param execution the statement that needs it, and may be cancelled meanwhile
   * @throws IOException if it does not start; the message is for the user
   * @throws InterruptedException if the statement is cancelled
   */
  static KernelProcess start(InstalledKernel kernel, Path directory, Execution execution)
      throws IOException, InterruptedException {
    KernelProcess started = new KernelProcess(kernel, directory);
    try {
      started.process.input().close();
      started.awaitReady(execution);
      started.process.ready();
      return started;
    } catch (IOException | InterruptedException | RuntimeException e) {
      started.close();
      throw e;
    }
  }

  private static String random() {
    return new BigInteger(256, RANDOM).toString(16);
  }

  /** Asks until the kernel answers, and its output and its questions can be heard. */
  private void awaitReady(Execution execution) throws IOException, InterruptedException {
    long end = System.nanoTime() + START_TIMEOUT.toNanos();
    CompletableFuture<KernelMessage> reply = new CompletableFuture<>();
    CompletableFuture<Void> ready =
        CompletableFuture.allOf(reply, heard)
            .thenCompose(
                answered ->
                    link.connected()
                        .completeOnTimeout(
                            null, CONNECTED_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
    while (true) {
      String id = newId();
      asked.put(id, reply);
      link.send(Channel.SHELL, id, "kernel_info_request", JSON.createObjectNode());
      try {
        ready.get(ASK_AGAIN.toMillis(), TimeUnit.MILLISECONDS);
        asked.clear();
        // What is said behind the greetings arrives behind the client's own.
        Optional<JsonNode> unused =
            ask("kernel_info_request", JSON.createObjectNode(), CONNECTED_TIMEOUT);
        return;
      } catch (ExecutionException e) {
        throw endedAtStart();
      } catch (TimeoutException e) {
        if (!process.isAlive()) {
          throw endedAtStart();
        } else if (execution.isCancelled()) {
          throw new InterruptedException("cancelled");
        } else if (System.nanoTime() > end) {
          throw new IOException(
              "The kernel "
                  + kernel.name()
                  + " was not ready within "
                  + START_TIMEOUT.toSeconds()
                  + " s. "
                  + process.lastWords(),
              e);
        }
      }
    }
  }

  private IOException endedAtStart() throws InterruptedException {
    if (!process.awaitOutput(Integer.MAX_VALUE, LAST_OUTPUT)
        || !process.awaitErrors(Integer.MAX_VALUE, LAST_OUTPUT)) {
      log.debug("the streams of the kernel {} have ended, or somebody holds them", kernel.name());
    }
    return new IOException(
        "The kernel " + kernel.name() + " ended at its start. " + process.lastWords());
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }

  private ProcessEnded howItEnded() {
    return killed.orElseGet(process::howItEnded);
  }

  private void ended(ProcessEnded how) {
    heard.completeExceptionally(how);
    asked.values().forEach(reply -> reply.cancel(false));
    current.ifPresent(KernelRun::end);
  }

  // ---- what comes, on the thread of the link

  private void received(Channel channel, KernelMessage message) {
    Optional<KernelRun> run = current;
    if (run.filter(one -> one.id().equals(message.parentId())).isPresent()) {
      run.get().add(channel, message);
    } else if (channel == Channel.IOPUB) {
      heard.complete(null);
      // From a thread that an earlier statement has left.
      KernelOutput.put(message, latest);
    } else {
      Optional.ofNullable(asked.remove(message.parentId()))
          .ifPresent(reply -> reply.complete(message));
    }
  }

  // ---- what is asked

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Has the kernel run something, and waits for it as long as it takes.
   *
   * @param content that of an {@code execute_request}
   * @return the content of the reply; of an error instead, if the kernel has put one out
   * @throws ProcessEnded if it ends meanwhile
   */
  JsonNode run(ObjectNode content, Execution execution) throws ProcessEnded {
    KernelRun run = new KernelRun(newId());
    latest = execution;
    process.worksFor(execution);
    current = Optional.of(run);
    try {
      if (!process.isAlive()) {
        throw howItEnded();
      }
      link.send(Channel.SHELL, run.id(), "execute_request", content);
      return follow(run, execution);
    } finally {
      current = Optional.empty();
    }
  }

  private JsonNode follow(KernelRun run, Execution execution) throws ProcessEnded {
    Optional<JsonNode> reply = Optional.empty();
    Optional<JsonNode> error = Optional.empty();
    boolean isIdle = false;
    boolean interrupted = false;
    try {
      while (reply.isEmpty() || !isIdle) {
        Optional<KernelRun.Event> next = Optional.empty();
        try {
          next = run.next(reply.isPresent() ? IDLE_TIMEOUT : LAST_OUTPUT);
        } catch (InterruptedException e) {
          // The kernel is told of an interrupt in its own way, and answers then.
          interrupted = true;
          continue;
        }
        if (next.isEmpty()) {
          if (!process.isAlive()) {
            throw howItEnded();
          } else if (reply.isPresent()) {
            log.debug("the kernel {} does not say that it is idle", kernel.name());
            break;
          }
          continue;
        }
        KernelMessage message = next.get().message();
        switch (next.get().channel()) {
          case SHELL, CONTROL -> reply = Optional.of(message.content());
          case STDIN -> answer(message.content(), execution);
          case IOPUB -> {
            if (message.type().equals("status")) {
              isIdle |= message.content().path("execution_state").asText().equals("idle");
            } else if (message.type().equals("error")) {
              error = Optional.of(message.content());
            } else {
              KernelOutput.put(message, execution);
            }
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    KernelOutput.putPayload(reply.get(), execution);
    return isOk(reply.get()) ? reply.get() : error.orElse(reply.get());
  }

  /** Returns whether a reply says that all went well. */
  static boolean isOk(JsonNode reply) {
    return reply.path("status").asText().equals("ok");
  }

  private void answer(JsonNode question, Execution execution) {
    String answer = "";
    try {
      answer =
          execution
              .ask(question.path("prompt").asText(), question.path("password").asBoolean())
              .orElse(NO_MORE_INPUT);
    } catch (NoInputException e) {
      log.debug("a kernel asks although it was told that nobody answers");
    } catch (CancellationException e) {
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    link.send(Channel.STDIN, newId(), "input_reply", JSON.createObjectNode().put("value", answer));
  }

  /** Asks the kernel something while it runs nothing, and waits no longer than that. */
  Optional<JsonNode> ask(String type, ObjectNode content, Duration patience) {
    if (current.isPresent()) {
      return Optional.empty();
    }
    String id = newId();
    CompletableFuture<KernelMessage> reply = new CompletableFuture<>();
    asked.put(id, reply);
    link.send(Channel.SHELL, id, type, content);
    try {
      return Optional.of(reply.get(patience.toMillis(), TimeUnit.MILLISECONDS).content())
          .filter(KernelProcess::isAnswer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | CancellationException | TimeoutException e) {
      log.debug("the kernel {} gives no answer to {}", kernel.name(), type);
    } finally {
      asked.remove(id);
    }
    return Optional.empty();
  }

  /** The status of some answers is what was asked for, so that it is not "ok". */
  private static boolean isAnswer(JsonNode reply) {
    return !reply.path("status").asText().equals("error");
  }

  /** Interrupts the code that runs, by a signal or a message: as the kernel wants it. */
  @Override
  public void interrupt() {
    if (kernel.isInterruptedByMessage()) {
      link.send(Channel.CONTROL, newId(), "interrupt_request", JSON.createObjectNode());
    } else {
      process.interrupt();
    }
  }

  @Override
  public void kill(ProcessEnded reason) {
    killed = Optional.of(reason);
    process.kill();
  }

  /** Ends the kernel, with the processes that it has started. */
  @Override
  public void close() {
    process.close(
        () ->
            link.send(
                Channel.CONTROL,
                newId(),
                "shutdown_request",
                JSON.createObjectNode().put("restart", false)));
    link.close();
    try {
      Files.deleteIfExists(connectionFile);
    } catch (IOException e) {
      log.info("{} could not be deleted: {}", connectionFile, e.toString());
    }
  }
}
