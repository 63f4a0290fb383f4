package io.polybius.kernel;

import io.polybius.driver.protocol.CommMessage;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What clients may ask of a kernel: a table from the type of a message to what is done about it.
 * Each request but an execution begins here, before its effects, and ends when it is answered.
 *
 * <p>Used under the kernel's lock. Answers that come later come without it, and take it.
 */
final class Requests {

  /** What programs send by themselves, without a user who does anything. */
  private static final Set<String> UNTRACKED =
      Set.of(
          "kernel_info_request",
          "comm_info_request",
          "connect_request",
          "interrupt_request",
          "shutdown_request",
          "debug_request");

  private final Kernel kernel;
  private final Voice voice;
  private final Executions executions;
  private final Questions questions;
  private final Comms comms;
  private final History history;
  private final Map<String, Handler> handlers;

  /** Serves one type of request. */
  private interface Handler {
    void handle(Request request) throws MalformedMessageException;
  }

  /** Computes the reply to a request. */
  private interface Answer {
    CompletionStage<ReplyContent> to(Request request) throws MalformedMessageException;
  }

  /** Makes them for a kernel, of whose parts they make use. */
  Requests(
      Kernel kernel,
      Voice voice,
      Executions executions,
      Questions questions,
      Comms comms,
      History history) {
    this.kernel = kernel;
    this.voice = voice;
    this.executions = executions;
    this.questions = questions;
    this.comms = comms;
    this.history = history;
    this.handlers = handlers();
  }

  /** Returns the message table: all that clients may ask, on shell as on control. */
  private Map<String, Handler> handlers() {
    return Map.ofEntries(
        Map.entry("kernel_info_request", answered(request -> now(kernel.info()))),
        Map.entry("execute_request", this::execute),
        Map.entry("is_complete_request", answered(questions::isComplete)),
        Map.entry("complete_request", answered(questions::complete)),
        Map.entry("inspect_request", answered(questions::inspect)),
        Map.entry("history_request", answered(this::history)),
        Map.entry("comm_info_request", answered(this::commInfo)),
        Map.entry("comm_open", handed(CommMessage.Step.OPEN)),
        Map.entry("comm_msg", handed(CommMessage.Step.MESSAGE)),
        Map.entry("comm_close", handed(CommMessage.Step.CLOSE)),
        Map.entry("connect_request", answered(this::ports)),
        Map.entry("interrupt_request", answered(this::interrupt)),
        Map.entry("debug_request", answered(this::refuseDebug)),
        Map.entry("create_subshell_request", answered(this::refuseSubshell)),
        Map.entry("delete_subshell_request", answered(this::refuseSubshell)),
        Map.entry("list_subshell_request", answered(this::refuseSubshell)),
        Map.entry("shutdown_request", begun(this::shutDown)));
  }

  private Handler begun(Handler handler) {
    return request -> {
      voice.begin(request.header());
      handler.handle(request);
    };
  }

  private Handler answered(Answer answer) {
    return begun(request -> finish(request, answer.to(request)));
  }

  private Handler handed(CommMessage.Step step) {
    return begun(request -> comms.handOver(step, request));
  }

  /** Returns whether a message shows that a user does something. */
  static boolean isFromUser(JupyterMessage message) {
    return !UNTRACKED.contains(message.type());
  }

  /** Does what a client asks. What nobody knows begins and ends. */
  void serve(Request request) {
    Handler handler =
        handlers.getOrDefault(
            request.message().type(), begun(unknown -> voice.end(unknown.header())));
    try {
      handler.handle(request);
    } catch (MalformedMessageException e) {
      voice.finish(request, Failures.malformed(e.getMessage()));
    } catch (RuntimeException e) {
      voice.finish(request, Failures.of(e));
    }
  }

  /** Answers a request that has begun, at once or when the answer is there. */
  private void finish(Request request, CompletionStage<ReplyContent> answer) {
    answer.handle(
        (reply, failure) -> {
          synchronized (kernel) {
            voice.finish(request, failure == null ? reply : Failures.of(failure));
          }
          return null;
        });
  }

  private static CompletionStage<ReplyContent> now(ReplyContent reply) {
    return CompletableFuture.completedFuture(reply);
  }

  /** Lets {@link Executions} see to the order: the request begins when its statement does. */
  private void execute(Request request) {
    RequestContent.Execute content;
    try {
      content = request.message().contentAs(RequestContent.Execute.class);
    } catch (MalformedMessageException e) {
      executions.refuse(request, Failures.malformed(e.getMessage()));
      return;
    }
    String key = executions.add(request, content);
    kernel.journal().received(key, request);
    kernel.submit(key, content);
  }

  private CompletionStage<ReplyContent> history(Request request) throws MalformedMessageException {
    return history.answer(
        request.message().contentAs(RequestContent.History.class), kernel.session());
  }

  private CompletionStage<ReplyContent> commInfo(Request request) throws MalformedMessageException {
    return now(comms.open(request.message().contentAs(RequestContent.CommInfo.class).targetName()));
  }

  private CompletionStage<ReplyContent> ports(Request request) {
    return now(
        request.from().ports().<ReplyContent>map(ports -> ports).orElseGet(ReplyContent.Done::new));
  }

  private CompletionStage<ReplyContent> interrupt(Request request) {
    kernel.interrupt();
    return now(new ReplyContent.Done());
  }

  private CompletionStage<ReplyContent> refuseDebug(Request request)
      throws MalformedMessageException {
    RequestContent.Debug content = request.message().contentAs(RequestContent.Debug.class);
    return now(
        new ReplyContent.DebugRefused(
            "response", content.seq(), false, content.command(), "This kernel has no debugger."));
  }

  private CompletionStage<ReplyContent> refuseSubshell(Request request) {
    return now(Failures.refused("NotSupported", "This kernel has no subshells."));
  }

  private void shutDown(Request request) throws MalformedMessageException {
    if (request.message().contentAs(RequestContent.Shutdown.class).restart()) {
      kernel.restart(
          failure ->
              failure.ifPresentOrElse(
                  why -> voice.finish(request, Failures.of(why)),
                  () -> sayShutDown(request, true)));
    } else {
      kernel.shutDown(() -> sayShutDown(request, false));
    }
  }

  private void sayShutDown(Request request, boolean restart) {
    voice.publish(new PublishedContent.ShutDown("ok", restart), request.header());
    voice.finish(request, new ReplyContent.ShutDown(restart));
  }
}
