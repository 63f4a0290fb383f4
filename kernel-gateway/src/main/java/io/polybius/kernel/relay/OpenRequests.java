package io.polybius.kernel.relay;

import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The requests that a relay has passed on, and from which client each came, until they are
 * answered. Only the newest are kept. Safe for use by many threads.
 */
final class OpenRequests {

  private static final int CAPACITY = 10_000;

  private final Map<String, JupyterMessage> requests =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, JupyterMessage> eldest) {
          return size() > CAPACITY;
        }
      };

  /** Remembers a request, without its content. */
  synchronized void add(JupyterMessage request) {
    requests.put(request.id(), request.withContent(JupyterJson.object()));
  }

  /** Returns the request that a message from the kernel belongs to. */
  synchronized Optional<JupyterMessage> find(JupyterMessage message) {
    return Optional.ofNullable(requests.get(message.parentHeader().messageId()));
  }

  /** Returns whether the request of that id is still open. */
  synchronized boolean holds(String id) {
    return requests.containsKey(id);
  }

  /** Forgets a request that has been answered, or never will be. */
  synchronized void remove(String id) {
    requests.remove(id);
  }

  /** Returns the ids of all requests, oldest first. */
  synchronized List<String> ids() {
    return List.copyOf(requests.keySet());
  }

  /** Returns the requests of a type, oldest first. */
  synchronized List<JupyterMessage> ofType(String type) {
    return requests.values().stream().filter(request -> request.type().equals(type)).toList();
  }

  /** Forgets the request of that id and returns it, if there is one. */
  synchronized Optional<JupyterMessage> take(String id) {
    return Optional.ofNullable(requests.remove(id));
  }

  /** Forgets all requests and returns them, oldest first. */
  synchronized List<JupyterMessage> takeAll() {
    List<JupyterMessage> all = List.copyOf(requests.values());
    requests.clear();
    return all;
  }
}
