package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.Kernel;
import io.polybius.kernel.KernelException;
import io.polybius.kernel.KernelException.Reason;
import io.polybius.kernel.KernelRegistry;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * {@code /api/sessions}: which documents have which kernels, for editors that connect without a
 * Jupyter server. These are Jupyter's sessions, and not those that kernels run in.
 */
final class NotebookSessionsApi {

  private static final String DEFAULT_TYPE = "notebook";

  private final KernelRegistry kernels;

  /** The documents by the ids of their sessions, the oldest first; under its lock. */
  private final Map<String, Document> documents = new LinkedHashMap<>();

  /** Held while a document gets its kernel, so that no two requests make one for the same path. */
  private final Object creation = new Object();

  NotebookSessionsApi(KernelRegistry kernels) {
    this.kernels = kernels;
  }

  /**
   * A document with a kernel.
   *
   * @param path what names it
   * @param name its name for people
   * @param type what kind of document it is
   * @param kernelId its kernel
   */
  private record Document(String path, String name, String type, String kernelId) {}

  /**
   * The body of a request, whose fields may all be missing.
   *
   * @param kernel the kernel that is wanted, by {@code id} or by {@code name}
   */
  private record Body(String path, String name, String type, JsonNode kernel) {

    Optional<String> wanted(String field) {
      return Optional.ofNullable(kernel)
          .map(node -> node.get(field))
          .filter(JsonNode::isTextual)
          .map(JsonNode::textValue)
          .filter(text -> !text.isEmpty());
    }

    boolean wantsKernel() {
      return wanted("id").isPresent() || wanted("name").isPresent();
    }
  }

  /** {@code GET /api/sessions}. */
  void list(JsonExchange exchange) {
    ArrayNode models = JsonNodeFactory.instance.arrayNode();
    Map<String, Document> all;
    synchronized (documents) {
      all = new LinkedHashMap<>(documents);
    }
    all.forEach(
        (id, document) -> kernel(document).ifPresent(k -> models.add(model(id, document, k))));
    exchange.answer(StatusCodes.OK, models);
  }

  /** {@code POST /api/sessions}: a document that has a kernel keeps it. */
  void create(JsonExchange exchange) throws MalformedMessageException {
    Body body = exchange.body(Body.class);
    if (body.path() == null) {
      throw new MalformedMessageException("the path is missing");
    }
    String id;
    synchronized (creation) {
      id = findOrCreate(body, exchange);
    }
    exchange.header(Headers.LOCATION, "/api/sessions/" + id);
    answer(exchange, StatusCodes.CREATED, id);
  }

  private String findOrCreate(Body body, JsonExchange exchange) {
    String id = null;
    synchronized (documents) {
      for (Map.Entry<String, Document> entry : documents.entrySet()) {
        if (entry.getValue().path().equals(body.path()) && kernel(entry.getValue()).isPresent()) {
          id = entry.getKey();
        }
      }
    }
    if (id == null) {
      Kernel kernel = kernel(body, exchange);
      id = UUID.randomUUID().toString();
      Document document =
          new Document(
              body.path(),
              body.name() == null ? "" : body.name(),
              body.type() == null ? DEFAULT_TYPE : body.type(),
              kernel.id());
      synchronized (documents) {
        documents.put(id, document);
      }
    }
    return id;
  }

  /** {@code GET /api/sessions/{id}}. */
  void get(JsonExchange exchange) {
    answer(exchange, StatusCodes.OK, exchange.path("id"));
  }

  /** {@code PATCH /api/sessions/{id}}: what is given changes. */
  void change(JsonExchange exchange) throws MalformedMessageException {
    Body body = exchange.body(Body.class);
    String id = exchange.path("id");
    Document before = document(id);
    String kernelId = body.wantsKernel() ? kernel(body, exchange).id() : before.kernelId();
    synchronized (documents) {
      documents.put(
          id,
          new Document(
              body.path() == null ? before.path() : body.path(),
              body.name() == null ? before.name() : body.name(),
              body.type() == null ? before.type() : body.type(),
              kernelId));
    }
    if (!kernelId.equals(before.kernelId())) {
      kernel(before).ifPresent(Kernel::shutDown);
    }
    answer(exchange, StatusCodes.OK, id);
  }

  /** {@code DELETE /api/sessions/{id}}, whose kernel ends too. */
  void delete(JsonExchange exchange) {
    String id = exchange.path("id");
    Optional<Kernel> kernel = kernel(document(id));
    synchronized (documents) {
      documents.remove(id);
    }
    kernel.ifPresent(Kernel::shutDown);
    exchange.answerNothing();
  }

  /** Forgets the documents of a kernel that is over. */
  void forget(Kernel kernel) {
    synchronized (documents) {
      documents.values().removeIf(document -> document.kernelId().equals(kernel.id()));
    }
  }

  private void answer(JsonExchange exchange, int status, String id) {
    Document document = document(id);
    Kernel kernel = kernel(document).orElseThrow(() -> notFound(id));
    exchange.answer(status, model(id, document, kernel));
  }

  private Document document(String id) {
    synchronized (documents) {
      return Optional.ofNullable(documents.get(id)).orElseThrow(() -> notFound(id));
    }
  }

  private static KernelException notFound(String id) {
    return new KernelException(Reason.KERNEL_NOT_FOUND, "Session does not exist: " + id);
  }

  private Optional<Kernel> kernel(Document document) {
    return kernels.find(document.kernelId());
  }

  private Kernel kernel(Body body, JsonExchange exchange) {
    Optional<String> id = body.wanted("id");
    return id.isPresent()
        ? kernels.kernel(id.get())
        : kernels.create(NewKernel.named(body.wanted("name")), exchange.caller());
  }

  private static ObjectNode model(String id, Document document, Kernel kernel) {
    ObjectNode model =
        JupyterJson.object()
            .put("id", id)
            .put("path", document.path())
            .put("name", document.name())
            .put("type", document.type());
    model.set("kernel", JupyterJson.toObject(kernel.model()));
    if (document.type().equals(DEFAULT_TYPE)) {
      model.putObject("notebook").put("path", document.path()).put("name", document.name());
    }
    return model;
  }
}
