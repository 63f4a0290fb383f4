package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Something that has happened in a session. */
public final class SessionEvent {

  private final long id;
  private final String type;
  private final JsonNode json;

  SessionEvent(long id, String type, JsonNode json) {
    this.id = id;
    this.type = type;
    this.json = json;
  }

  /** Returns its number in the session. */
  public long id() {
    return id;
  }

  /** Returns what it is about: {@code session}, {@code statement}, {@code output}, {@code job}. */
  public String type() {
    return type;
  }

  /** Returns what it says, as the server's documentation of events describes it. */
  @SuppressWarnings("unchecked")
  public Map<String, Object> data() {
    return Connection.JSON.convertValue(json, Map.class);
  }

  JsonNode json() {
    return json;
  }

  @Override
  public String toString() {
    return type + " " + json;
  }
}
