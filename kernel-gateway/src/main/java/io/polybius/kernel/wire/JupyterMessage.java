package io.polybius.kernel.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * One message of the protocol, whatever it is carried by. Immutable by agreement: nobody changes
 * the objects and arrays of a message that has been made.
 *
 * @param channel where it came from or goes to
 * @param identities the way back to a ZeroMQ client, or the topic on iopub; empty elsewhere
 * @param header says what the message is
 * @param parentHeader the header of the request that it belongs to, or {@link Header#NONE}
 * @param metadata what is not part of the content
 * @param content the message itself
 * @param buffers raw bytes beside the content
 */
public record JupyterMessage(
    Channel channel,
    List<byte[]> identities,
    Header header,
    Header parentHeader,
    ObjectNode metadata,
    ObjectNode content,
    List<byte[]> buffers) {

  /** Copies the lists. */
  public JupyterMessage {
    identities = List.copyOf(identities);
    buffers = List.copyOf(buffers);
  }

  /** Returns the type of the message. */
  public String type() {
    return header.messageType();
  }

  /** Returns the unique id of the message. */
  public String id() {
    return header.messageId();
  }

  /**
   * Returns the content as a record.
   *
   * @throws MalformedMessageException if something is missing or has the wrong type
   */
  public <T> T contentAs(Class<T> type) throws MalformedMessageException {
    return JupyterJson.convert(content, type);
  }

  /** Returns this message with another way back. */
  public JupyterMessage withIdentities(List<byte[]> newIdentities) {
    return new JupyterMessage(
        channel, newIdentities, header, parentHeader, metadata, content, buffers);
  }

  /** Returns this message with another content. */
  public JupyterMessage withContent(ObjectNode newContent) {
    return new JupyterMessage(
        channel, identities, header, parentHeader, metadata, newContent, buffers);
  }

  /** Names the message without showing what is in it. */
  @Override
  public String toString() {
    return type() + " " + id() + " on " + channel.wireName();
  }
}
