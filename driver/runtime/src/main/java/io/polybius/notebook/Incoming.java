package io.polybius.notebook;

import java.util.List;
import java.util.Map;

/**
 * A message of a comm from a front end.
 *
 * @param data what it says, with Java's maps, lists, texts and numbers
 * @param json the same as the text of a JSON object
 * @param metadata the text of a JSON object about the message
 * @param buffers binary data
 */
public record Incoming(
    Map<String, Object> data, String json, String metadata, List<byte[]> buffers) {

  /** Copies the list. */
  public Incoming {
    buffers = List.copyOf(buffers);
  }
}
