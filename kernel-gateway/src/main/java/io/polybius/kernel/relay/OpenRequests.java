package io.polybius.kernel.relay;

import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The requests that a relay has passed on, and from which client each came. Only the newest are
 * kept, because some types of messages have no reply. Safe for use by many threads.
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

  /** Forgets a request that has been answered. */
  synchronized void remove(JupyterMessage request) {
    requests.remove(request.id());
  }

  /** Forgets all requests and returns the executions among them, oldest first. */
  synchronized List<JupyterMessage> takeExecutions() {
    List<JupyterMessage> executions = new ArrayList<>(requests.values());
    executions.removeIf(request -> !request.type().equals("execute_request"));
    requests.clear();
    return executions;
  }
}
