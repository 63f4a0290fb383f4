package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.CommMessage;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.SessionEvent;
import io.polybius.session.SessionService;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open connections between objects of clients and objects of the driver, as the messages show
 * that have passed. Used under the kernel's lock.
 */
final class Comms {

  private static final Logger log = LoggerFactory.getLogger(Comms.class);

  private static final int NO_NUMBER = -1;

  private final Voice voice;
  private final SessionService sessions;
  private final String sessionId;
  private final Executor underLock;
  private final Map<String, String> targets = new LinkedHashMap<>();
  private final Map<Integer, Header> causes = new HashMap<>();

  /**
   * Makes one without comms.
   *
   * @param underLock runs a task under the kernel's lock, on the thread that gives it
   */
  Comms(Voice voice, SessionService sessions, String sessionId, Executor underLock) {
    this.voice = voice;
    this.sessions = sessions;
    this.sessionId = sessionId;
    this.underLock = underLock;
  }

  /**
   * Hands a client's message, which has begun, over to the driver. There is no reply, whatever is
   * wrong with it; it ends when the code that takes it has run.
   */
  void handOver(CommMessage.Step step, Request request) {
    try {
      CommMessage message = read(step, request.message());
      if (passes(message)) {
        handOver(message, request);
        return;
      }
    } catch (MalformedMessageException e) {
      log.warn("{} was dropped: {}", request.message(), e.getMessage());
    }
    voice.end(request.header());
  }

  private void handOver(CommMessage message, Request request) {
    AtomicInteger number = new AtomicInteger(NO_NUMBER);
    sessions
        .handleComm(
            sessionId,
            message,
            given -> {
              number.set(given);
              underLock.execute(() -> causes.put(given, request.header()));
            })
        .whenComplete(
            (done, failure) ->
                underLock.execute(() -> end(message, request, number.get(), failure != null)));
  }

  private void end(CommMessage message, Request request, int number, boolean failed) {
    causes.remove(number);
    // Without a driver there is nobody who could take it.
    if (failed && message.step() == CommMessage.Step.OPEN) {
      targets.remove(message.commId());
      voice.publish(
          new PublishedContent.CommClose(message.commId(), JupyterJson.object()), request.header());
    }
    voice.end(request.header());
  }

  private static CommMessage read(CommMessage.Step step, JupyterMessage message)
      throws MalformedMessageException {
    RequestContent.Comm content = message.contentAs(RequestContent.Comm.class);
    return new CommMessage(
        step,
        content.commId(),
        step == CommMessage.Step.OPEN ? content.targetName() : "",
        text(content.data()),
        text(message.metadata()),
        message.buffers());
  }

  private static String text(ObjectNode object) {
    return new String(JupyterJson.write(object), StandardCharsets.UTF_8);
  }

  /** Takes note of a message, and returns whether it is of a comm that is open. */
  private boolean passes(CommMessage message) {
    return switch (message.step()) {
      case OPEN -> {
        targets.put(message.commId(), message.targetName());
        yield true;
      }
      case MESSAGE -> targets.containsKey(message.commId());
      case CLOSE -> targets.remove(message.commId()) != null;
    };
  }

  /**
   * Tells the clients what the driver's end of a comm says.
   *
   * @param otherwise the parent of what does not come from a client's message
   */
  void sent(SessionEvent.CommSent event, Header otherwise) {
    CommMessage message = event.message();
    note(message);
    try {
      ObjectNode data = JupyterJson.readObject(message.data().getBytes(StandardCharsets.UTF_8));
      ObjectNode metadata =
          JupyterJson.readObject(message.metadata().getBytes(StandardCharsets.UTF_8));
      PublishedContent content =
          switch (message.step()) {
            case OPEN ->
                new PublishedContent.CommOpen(message.commId(), message.targetName(), data);
            case MESSAGE -> new PublishedContent.CommData(message.commId(), data);
            case CLOSE -> new PublishedContent.CommClose(message.commId(), data);
          };
      voice.publish(
          content, metadata, message.buffers(), causes.getOrDefault(event.requestId(), otherwise));
    } catch (MalformedMessageException e) {
      log.warn("the driver's {} is left out: {}", message, e.getMessage());
    }
  }

  /** Takes note of what the driver has sent. */
  void note(CommMessage message) {
    if (message.step() == CommMessage.Step.OPEN) {
      targets.put(message.commId(), message.targetName());
    } else if (message.step() == CommMessage.Step.CLOSE) {
      targets.remove(message.commId());
    }
  }

  /** Returns the open comms of one target, or of all when it is empty. */
  ReplyContent.Comms open(String target) {
    Map<String, ReplyContent.CommTarget> found = new LinkedHashMap<>();
    targets.forEach(
        (id, of) -> {
          if (target.isEmpty() || of.equals(target)) {
            found.put(id, new ReplyContent.CommTarget(of));
          }
        });
    return new ReplyContent.Comms(found);
  }

  /** The driver is gone, and with it its ends. */
  void forgetAll() {
    targets.clear();
    causes.clear();
  }
}
