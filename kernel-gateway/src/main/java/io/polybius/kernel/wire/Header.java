package io.polybius.kernel.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/**
 * The header of a message, or the copy of one in a reply. It keeps the object that came over the
 * wire, so that a client finds in the parent header exactly what it sent, fields of later protocol
 * versions included.
 *
 * @param fields the header's object; must not be changed afterwards
 */
public record Header(ObjectNode fields) {

  /** The version of the protocol that this kernel speaks. */
  public static final String PROTOCOL_VERSION = "5.5";

  /** Stands in the place of the parent of a message that nobody asked for. */
  public static final Header NONE = new Header(JupyterJson.object());

  /** Makes the header of a new message. */
  public static Header of(
      String messageId, String messageType, String session, String username, Instant date) {
    return new Header(
        JupyterJson.object()
            .put("msg_id", messageId)
            .put("msg_type", messageType)
            .put("session", session)
            .put("username", username)
            .put("date", JupyterTime.format(date))
            .put("version", PROTOCOL_VERSION));
  }

  /** Returns the unique id of the message, empty when there is none. */
  public String messageId() {
    return text("msg_id");
  }

  /** Returns the type of the message, empty when there is none. */
  public String messageType() {
    return text("msg_type");
  }

  /** Returns the id of the client or of the kernel's incarnation that sent the message. */
  public String session() {
    return text("session");
  }

  /** Returns the name of the user, as the sender says. */
  public String username() {
    return text("username");
  }

  private String text(String field) {
    JsonNode value = fields.get(field);
    return value != null && value.isTextual() ? value.textValue() : "";
  }
}
