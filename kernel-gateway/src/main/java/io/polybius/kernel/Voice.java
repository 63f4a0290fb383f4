package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.InputRequest;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * All that a kernel says to its clients goes through here: publications to every connection,
 * replies to the one that asked. Used under the kernel's lock, except for the list of connections,
 * which any thread may read and change.
 */
final class Voice {

  private static final String USERNAME = "polybius";

  private final List<KernelConnection> connections = new CopyOnWriteArrayList<>();
  private final MessageSource messages;
  private final Clock clock;
  private volatile String session;
  private boolean muted;

  /**
   * @param session the id of the kernel's life before, if it goes on; empty for a new one
   */
  Voice(Clock clock, Optional<String> session) {
    this.clock = clock;
    this.session = session.orElseGet(Voice::newSession);
    this.messages = new MessageSource(this::session, USERNAME, clock);
  }

  private static String newSession() {
    return UUID.randomUUID().toString();
  }

  /** Returns the id that all messages carry until the kernel is restarted. */
  String session() {
    return session;
  }

  /** Returns whether nothing is said. */
  boolean isMuted() {
    return muted;
  }

  /** Says nothing for a while, because the clients have heard it from an earlier server. */
  void setMuted(boolean isMuted) {
    muted = isMuted;
  }

  /** Returns those who hear what is published. */
  List<KernelConnection> connections() {
    return connections;
  }

  /** Returns the time. */
  Instant now() {
    return clock.instant();
  }

  /** Lets a request begin: nothing that belongs to it comes before this. */
  void begin(Header request) {
    publish(new PublishedContent.Status("busy"), request);
  }

  /** Lets a request end: nothing that belongs to it comes after this, except late output. */
  void end(Header request) {
    publish(new PublishedContent.Status("idle"), request);
  }

  /** Answers a request and lets it end. */
  void finish(Request request, ObjectNode metadata, ReplyContent reply) {
    JupyterMessage message =
        messages.reply(request.message(), metadata, JupyterJson.toObject(reply));
    if (!muted) {
      request.from().send(message);
    }
    end(request.header());
  }

  /** Answers a request and lets it end. */
  void finish(Request request, ReplyContent reply) {
    finish(request, JupyterJson.object(), reply);
  }

  /** Tells everybody something that belongs to a request, or to {@link Header#NONE}. */
  void publish(PublishedContent content, Header parent) {
    publish(content, JupyterJson.object(), List.of(), parent);
  }

  /** Tells everybody something that is more than content. */
  void publish(PublishedContent content, ObjectNode metadata, List<byte[]> buffers, Header parent) {
    if (muted || connections.isEmpty()) {
      return;
    }
    JupyterMessage message = messages.publication(content, metadata, buffers, parent);
    connections.forEach(connection -> connection.send(message));
  }

  /** Asks the user of the client that sent a request, and returns the message that does so. */
  JupyterMessage ask(Request request, InputRequest question) {
    JupyterMessage message = messages.question(question, request.message());
    if (!muted) {
      request.from().send(message);
    }
    return message;
  }

  /** Makes the header of a request that no client of this kernel has sent. */
  Header requestFromElsewhere(String type, String sender) {
    return new MessageSource(() -> sender, sender, clock).header(type);
  }

  /** From here on the kernel is a new one, as far as its clients can see. */
  void beginIncarnation() {
    session = newSession();
    publish(new PublishedContent.Status("starting"), Header.NONE);
  }
}
