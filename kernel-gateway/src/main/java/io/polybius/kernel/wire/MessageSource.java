package io.polybius.kernel.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** Makes messages with unique ids. Safe for use by many threads. */
public final class MessageSource {

  private final String idPrefix = UUID.randomUUID().toString();
  private final AtomicLong count = new AtomicLong();
  private final Supplier<String> session;
  private final String username;
  private final Clock clock;

  /**
   * Makes a source.
   *
   * @param session gives the session id that the next message carries
   * @param username the name that all messages carry
   * @param clock tells the time of the messages
   */
  public MessageSource(Supplier<String> session, String username, Clock clock) {
    this.session = session;
    this.username = username;
    this.clock = clock;
  }

  /** Makes a message that has no way back. */
  public JupyterMessage message(
      Channel channel, String type, Header parent, ObjectNode metadata, ObjectNode content) {
    return new JupyterMessage(
        channel, List.of(), header(type), parent, metadata, content, List.of());
  }

  /** Makes a message on iopub. */
  public JupyterMessage publication(PublishedContent content, Header parent) {
    return publication(content, JupyterJson.object(), List.of(), parent);
  }

  /** Makes a message on iopub that has more than content. */
  public JupyterMessage publication(
      PublishedContent content, ObjectNode metadata, List<byte[]> buffers, Header parent) {
    return new JupyterMessage(
        Channel.IOPUB,
        List.of(),
        header(content.messageType()),
        parent,
        metadata,
        JupyterJson.toObject(content),
        buffers);
  }

  /** Makes a question to the client that sent a request. */
  public JupyterMessage question(InputRequest content, JupyterMessage request) {
    return message(
            Channel.STDIN,
            "input_request",
            request.header(),
            JupyterJson.object(),
            JupyterJson.toObject(content))
        .withIdentities(request.identities());
  }

  /** Makes the reply to a request, on the request's channel and back to where that came from. */
  public JupyterMessage reply(JupyterMessage request, ObjectNode metadata, ObjectNode content) {
    return message(
            request.channel(), replyType(request.type()), request.header(), metadata, content)
        .withIdentities(request.identities());
  }

  /** Makes a new header. */
  public Header header(String type) {
    return Header.of(
        idPrefix + "_" + count.incrementAndGet(), type, session.get(), username, clock.instant());
  }

  private static String replyType(String requestType) {
    String suffix = "_request";
    return requestType.endsWith(suffix)
        ? requestType.substring(0, requestType.length() - suffix.length()) + "_reply"
        : requestType + "_reply";
  }
}
