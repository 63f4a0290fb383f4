package io.polybius.driver.interpreter.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.notebook.Comm;
import io.polybius.notebook.Comms;
import io.polybius.notebook.Incoming;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The comms of a Python process, as its package {@code comm} makes them for widgets: messages of
 * Jupyter as JSON, with buffers in base 64.
 */
final class PythonComms {

  private final Comms comms;
  private final Handling handling;
  private final Map<String, Comm> open = new ConcurrentHashMap<>();

  /** Has Python handle messages. */
  interface Handling {
    /** Waits until Python has handled a message, but not for ever. */
    void handle(ObjectNode message) throws InterruptedException;
  }

  PythonComms(Comms comms, Handling handling) {
    this.comms = comms;
    this.handling = handling;
  }

  /** Takes what Python says. */
  void take(JsonNode message) {
    String id = message.path("id").asText();
    String target = message.path("target").asText();
    String data = message.path("data").toString();
    switch (message.path("type").asText()) {
      case "target" ->
          comms.registerTarget(
              target,
              (comm, opening) -> {
                keep(comm);
                tell("comm_open", comm, opening);
              });
      case "comm_open" ->
          keep(comms.open(id, target, data, message.path("metadata").toString(), buffers(message)));
      case "comm_msg" ->
          Optional.ofNullable(open.get(id)).ifPresent(comm -> comm.send(data, buffers(message)));
      case "comm_close" -> Optional.ofNullable(open.remove(id)).ifPresent(comm -> comm.close(data));
      default -> throw new IllegalArgumentException("not a message of a comm");
    }
  }

  private void keep(Comm comm) {
    open.put(comm.id(), comm);
    comm.onMessage(message -> tell("comm_msg", comm, message));
    comm.onClose(
        message -> {
          open.remove(comm.id());
          tell("comm_close", comm, message);
        });
  }

  private void tell(String type, Comm comm, Incoming message) throws InterruptedException {
    ObjectNode told = JsonNodeFactory.instance.objectNode();
    told.put("do", "comm").put("type", type).put("id", comm.id()).put("target", comm.target());
    told.put("data", message.json()).put("metadata", message.metadata());
    message
        .buffers()
        .forEach(
            buffer -> told.withArray("buffers").add(Base64.getEncoder().encodeToString(buffer)));
    handling.handle(told);
  }

  private static byte[][] buffers(JsonNode message) {
    List<byte[]> buffers = new ArrayList<>();
    message
        .path("buffers")
        .forEach(buffer -> buffers.add(Base64.getDecoder().decode(buffer.asText())));
    return buffers.toArray(byte[][]::new);
  }
}
