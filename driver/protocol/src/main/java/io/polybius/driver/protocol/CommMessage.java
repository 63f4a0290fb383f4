package io.polybius.driver.protocol;

import java.util.List;

/**
 * A message of a comm, a channel between an object of a front end and one of the driver (Jupyter's
 * {@code comm_open}, {@code comm_msg} and {@code comm_close}).
 *
 * @param step what it means for the comm
 * @param commId names the comm
 * @param targetName who is to take a new comm, else empty
 * @param data the JSON text of an object
 * @param metadata the JSON text of an object
 * @param buffers binary data
 */
public record CommMessage(
    Step step,
    String commId,
    String targetName,
    String data,
    String metadata,
    List<byte[]> buffers) {

  /** What a message means for its comm. */
  public enum Step {
    /** The first message. */
    OPEN,
    /** One in between. */
    MESSAGE,
    /** The last one. */
    CLOSE
  }

  /** Copies the list. */
  public CommMessage {
    buffers = List.copyOf(buffers);
  }

  /** Keeps user data out of logs. */
  @Override
  public String toString() {
    return "CommMessage[" + step + " " + commId + "]";
  }
}
