package io.polybius.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.function.Consumer;

/** Makes events of the lines of a stream of server-sent events. */
final class EventParser {

  private final Consumer<SessionEvent> listener;
  private final StringBuilder data = new StringBuilder();
  private String type = "message";
  private long id = -1;

  EventParser(Consumer<SessionEvent> listener) {
    this.listener = listener;
  }

  /** Takes the next line, without its end. */
  void line(String line) {
    if (line.isEmpty()) {
      dispatch();
      return;
    }
    int colon = line.indexOf(':');
    String field = colon < 0 ? line : line.substring(0, colon);
    String value = colon < 0 ? "" : line.substring(colon + 1);
    if (value.startsWith(" ")) {
      value = value.substring(1);
    }
    // A comment has an empty field.
    if (field.equals("event")) {
      type = value;
    } else if (field.equals("id")) {
      id = number(value);
    } else if (field.equals("data")) {
      data.append(value).append('\n');
    }
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private void dispatch() {
    String text = data.toString();
    String eventType = type;
    data.setLength(0);
    type = "message";
    if (text.isEmpty()) {
      return;
    }
    try {
      listener.accept(new SessionEvent(id, eventType, Connection.JSON.readTree(text)));
    } catch (JsonProcessingException e) {
      throw new PolybiusException("The server sends events that are no JSON.", e);
    }
  }
}
