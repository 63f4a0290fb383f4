package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.polybius.kernel.Kernel;
import io.polybius.kernel.KernelException;
import io.polybius.kernel.KernelRegistry;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.util.Optional;

/** {@code /api} and {@code /api/kernels}: what a Jupyter server asks of a gateway. */
final class KernelsApi {

  private static final String DEFAULT_NAME = "spark";

  private final KernelRegistry kernels;
  private final KernelChannels channels;
  private final String version;

  KernelsApi(KernelRegistry kernels, KernelChannels channels, String version) {
    this.kernels = kernels;
    this.channels = channels;
    this.version = version;
  }

  /**
   * The body of a request for a kernel.
   *
   * @param name the name of the kernel
   * @param env the client's environment; only {@code KERNEL_ID} matters
   * @param session the session to show, by id or name, instead of a new one
   * @param relay whether the client is a relay, without which nobody needs the kernel
   */
  private record NewKernelBody(String name, JsonNode env, JsonNode session, Boolean relay) {

    NewKernel toRequest() {
      return new NewKernel(
          text(env == null ? null : env.get("KERNEL_ID")),
          name == null || name.isEmpty() ? DEFAULT_NAME : name,
          text(session));
    }

    private static Optional<String> text(JsonNode value) {
      return Optional.ofNullable(value)
          .filter(node -> node.isTextual() || node.isIntegralNumber())
          .map(JsonNode::asText);
    }
  }

  /** {@code GET /api}. */
  void version(JsonExchange exchange) {
    exchange.answer(StatusCodes.OK, JupyterJson.object().put("version", version));
  }

  /** {@code GET /api/kernels}. */
  void list(JsonExchange exchange) {
    ArrayNode models = JsonNodeFactory.instance.arrayNode();
    kernels.kernels().forEach(kernel -> models.add(model(kernel)));
    exchange.answer(StatusCodes.OK, models);
  }

  /** {@code POST /api/kernels}. */
  void create(JsonExchange exchange) throws MalformedMessageException {
    NewKernelBody body = exchange.body(NewKernelBody.class);
    Kernel kernel = kernels.create(body.toRequest(), exchange.caller());
    if (body.relay() != null && body.relay()) {
      channels.expectRelay(kernel);
    }
    exchange
        .header(Headers.LOCATION, "/api/kernels/" + kernel.id())
        .answer(StatusCodes.CREATED, model(kernel));
  }

  /** {@code GET /api/kernels/{kernel}}. */
  void get(JsonExchange exchange) {
    exchange.answer(StatusCodes.OK, model(kernel(exchange)));
  }

  /** {@code DELETE /api/kernels/{kernel}}. */
  void delete(JsonExchange exchange) {
    kernel(exchange).shutDown();
    exchange.answerNothing();
  }

  /** {@code POST /api/kernels/{kernel}/interrupt}. */
  void interrupt(JsonExchange exchange) {
    kernel(exchange).interrupt();
    exchange.answerNothing();
  }

  /** {@code POST /api/kernels/{kernel}/restart}. */
  void restart(JsonExchange exchange) {
    Kernel kernel = kernel(exchange);
    exchange.answerLater(kernel.restart(), () -> exchange.answer(StatusCodes.OK, model(kernel)));
  }

  /** {@code GET /api/kernels/{kernel}/channels}, a WebSocket. */
  void channels(HttpServerExchange exchange) throws Exception {
    Kernel kernel;
    try {
      kernel = kernels.kernel(JsonExchange.path(exchange, "kernel"));
    } catch (KernelException e) {
      JsonExchange.of(exchange).fail(StatusCodes.NOT_FOUND, e.getMessage());
      return;
    }
    channels.open(exchange, kernel);
  }

  private Kernel kernel(JsonExchange exchange) {
    return kernels.kernel(exchange.path("kernel"));
  }

  private static JsonNode model(Kernel kernel) {
    return JupyterJson.toObject(kernel.model());
  }
}
