package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.history.HistoryStore;
import io.polybius.kernel.wire.Channel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Caller;
import io.polybius.session.CoreSettings;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.testing.ManualClock;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;

/** Kernels on scripted sessions, and a client that remembers what it is told. */
abstract class KernelFixture {

  private static final SessionLimits LIMITS =
      new SessionLimits(
          Duration.ofSeconds(60),
          Duration.ofMillis(100),
          Duration.ofSeconds(10),
          Duration.ofSeconds(2),
          1000,
          1 << 20);

  final ManualClock clock = new ManualClock();
  final ManualTimer timer = new ManualTimer(clock);
  final RecordingConnection client = new RecordingConnection("client");
  HistoryStore history = HistoryStore.inMemory();
  boolean showsProgress = true;
  SessionLimits limits = LIMITS;
  ScriptedLauncher launcher = ScriptedLauncher.ready(Script.TINY);
  SessionService sessions = service();
  KernelRegistry kernels = registry();

  private SessionService service() {
    return new SessionService(launcher, CoreSettings.of(limits), Clock.systemUTC());
  }

  private KernelRegistry registry() {
    return new KernelRegistry(
        sessions,
        new KernelServices("1.2.3", clock, timer, history, showsProgress, List.of()),
        kernel -> {});
  }

  @AfterEach
  void close() {
    kernels.close();
    sessions.close();
    history.close();
  }

  /** Begins anew with another launcher. */
  void launchWith(ScriptedLauncher other) {
    kernels.close();
    sessions.close();
    launcher = other;
    sessions = service();
    kernels = registry();
  }

  /** Returns a kernel on a session of its own, with the client. */
  Kernel kernel() {
    return connected(NewKernel.named(Optional.of("spark")));
  }

  /** Returns a kernel whose driver is up. */
  Kernel readyKernel() {
    Kernel kernel = kernel();
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> kernel.model().executionState().equals("idle"));
    return kernel;
  }

  /** Returns a kernel on a session that is there, with the client. */
  Kernel kernelOn(int session) {
    return connected(NewKernel.named(Optional.of("spark")).onSession(String.valueOf(session)));
  }

  Kernel connected(NewKernel request) {
    Kernel kernel = kernels.create(request, Caller.SERVER);
    kernel.connect(client);
    return kernel;
  }

  /** Sends a request and returns all that belongs to it. */
  List<JupyterMessage> send(Kernel kernel, JupyterMessage request) {
    kernel.receive(request, client);
    return client.trace(request);
  }

  /** Runs a cell and returns what is most telling in all that belongs to it. */
  List<String> run(Kernel kernel, String code) {
    return show(send(kernel, client.cell(code)));
  }

  static ObjectNode object() {
    return JupyterJson.object();
  }

  /** Returns the reply among what belongs to a request. */
  static JupyterMessage reply(List<JupyterMessage> trace) {
    return trace.stream()
        .filter(message -> message.type().endsWith("_reply"))
        .filter(message -> message.channel() != Channel.IOPUB)
        .findFirst()
        .orElseThrow();
  }

  void becomeReady() {
    try {
      launcher.nextDriver().ready();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Adds a statement from the other door. */
  void rest(int session, String code) {
    sessions
        .execute(
            String.valueOf(session),
            new NewStatement(Kind.SPARK, code, Origin.REST, false, true, true))
        .toCompletableFuture()
        .join();
  }

  /** Waits until a session has that many statements. */
  void awaitStatements(int session, int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> sessions.session(String.valueOf(session)).statements().size() >= count);
  }

  /** Makes a request to run a cell with more than code. */
  JupyterMessage cell(String code, Consumer<ObjectNode> more) {
    ObjectNode content = object().put("code", code);
    more.accept(content);
    return client.request("execute_request", content);
  }

  /** Sends a request on shell and returns its reply. */
  ObjectNode ask(Kernel kernel, String type, ObjectNode content) {
    return reply(send(kernel, client.request(type, content))).content();
  }
}
