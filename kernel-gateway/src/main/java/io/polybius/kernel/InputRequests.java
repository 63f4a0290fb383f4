package io.polybius.kernel;

import io.polybius.kernel.wire.InputRequest;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.SessionEvent;
import io.polybius.session.SessionService;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The questions that running statements have put to the users who sent them, and that nobody has
 * answered yet. Used under the kernel's lock.
 */
final class InputRequests {

  /** What is typed when there is no more. */
  private static final String END = "\u0004";

  private static final Logger log = LoggerFactory.getLogger(InputRequests.class);

  private final Voice voice;
  private final SessionService sessions;
  private final String sessionId;
  private final Map<Integer, Asked> open = new HashMap<>();

  /**
   * A question.
   *
   * @param cell the request whose statement asks
   * @param id the message that asked
   */
  private record Asked(Request cell, String id) {

    /**
     * Returns whether a message is from the client that was asked, and about this question. Not all
     * clients say what they answer.
     */
    boolean isAnsweredBy(Request reply) {
      String answered = reply.message().parentHeader().messageId();
      return reply.from() == cell.from()
          && reply.header().session().equals(cell.header().session())
          && (id.isEmpty()
              || answered.isEmpty()
              || answered.equals(id)
              || answered.equals(cell.message().id()));
    }
  }

  InputRequests(Voice voice, SessionService sessions, String sessionId) {
    this.voice = voice;
    this.sessions = sessions;
    this.sessionId = sessionId;
  }

  /**
   * Asks the client that sent a cell.
   *
   * @param cell the request whose statement asks
   */
  void ask(SessionEvent.InputRequested event, Request cell) {
    int statementId = event.statement().id();
    if (!event.statement().options().mayAskForInput()) {
      answer(statementId, END);
      return;
    }
    JupyterMessage asked = voice.ask(cell, new InputRequest(event.prompt(), event.password()));
    // One that an earlier server has asked has an id that is not known here.
    open.put(statementId, new Asked(cell, voice.isMuted() ? "" : asked.id()));
  }

  /** Takes a message from stdin; what answers no open question is dropped. */
  void take(Request reply) {
    if (!reply.message().type().equals("input_reply")) {
      return;
    }
    try {
      String text = reply.message().contentAs(RequestContent.InputReply.class).value();
      for (Map.Entry<Integer, Asked> asked : List.copyOf(open.entrySet())) {
        if (asked.getValue().isAnsweredBy(reply)) {
          open.remove(asked.getKey());
          answer(asked.getKey(), text);
        }
      }
    } catch (MalformedMessageException e) {
      log.warn("an input_reply was dropped: {}", e.getMessage());
    }
  }

  /** A client is gone, and what it was asked will not be answered. */
  void gone(KernelConnection client) {
    for (Map.Entry<Integer, Asked> asked : List.copyOf(open.entrySet())) {
      if (asked.getValue().cell().from() == client) {
        open.remove(asked.getKey());
        answer(asked.getKey(), END);
      }
    }
  }

  /** A statement has ended, and so has its wait. */
  void ended(int statementId) {
    open.remove(statementId);
  }

  private void answer(int statementId, String text) {
    sessions
        .answerInput(sessionId, statementId, text)
        .exceptionally(
            failure -> {
              log.debug("statement {} takes no input: {}", statementId, failure.getMessage());
              return null;
            });
  }
}
