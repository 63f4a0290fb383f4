package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.polybius.kernel.Kernel;
import io.polybius.kernel.KernelException;
import io.polybius.kernel.KernelModel;
import io.polybius.kernel.KernelRegistry;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterTime;
import io.polybius.kernel.wire.MalformedMessageException;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /api} and {@code /api/kernels}: what a Jupyter server asks of a gateway. */
final class KernelsApi {

  private static final Logger log = LoggerFactory.getLogger(KernelsApi.class);

  private final KernelRegistry kernels;
  private final KernelChannels channels;
  private final String version;
  private final Instant started;

  /**
   * Makes the routes.
   *
   * @param started since when the server is there
   */
  KernelsApi(KernelRegistry kernels, KernelChannels channels, String version, Instant started) {
    this.kernels = kernels;
    this.channels = channels;
    this.version = version;
    this.started = started;
  }

  /**
   * The body of a request for a kernel.
   *
   * @param name the name of the kernel
   * @param env what the client says in variables, see {@link KernelEnvironment}
   * @param session the session to show, by id or name, instead of a new one
   * @param relay whether the client is a relay, without which nobody needs the kernel
   */
  private record NewKernelBody(String name, JsonNode env, JsonNode session, Boolean relay) {

    Optional<String> existingSession() {
      return Optional.ofNullable(session)
          .filter(node -> node.isTextual() || node.isIntegralNumber())
          .map(JsonNode::asText);
    }
  }

  /** {@code GET /api}. */
  void version(JsonExchange exchange) {
    exchange.answer(StatusCodes.OK, JupyterJson.object().put("version", version));
  }

  /** {@code GET /api/status}. */
  void status(JsonExchange exchange) {
    List<KernelModel> models = kernels.kernels().stream().map(Kernel::model).toList();
    exchange.answer(
        StatusCodes.OK,
        JupyterJson.object()
            .put("started", JupyterTime.format(started))
            .put(
                "last_activity",
                models.stream()
                    .map(KernelModel::lastActivity)
                    .max(Comparator.naturalOrder())
                    .orElseGet(() -> JupyterTime.format(started)))
            .put("kernels", models.size())
            .put("connections", models.stream().mapToInt(KernelModel::connections).sum()));
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
    KernelEnvironment environment = KernelEnvironment.read(body.env());
    Kernel kernel =
        kernels.create(
            new NewKernel(
                environment.kernelId(),
                Optional.ofNullable(body.name()).filter(name -> !name.isEmpty()),
                body.existingSession(),
                environment.application()),
            exchange.caller());
    environment
        .claimedUser()
        .ifPresent(
            user -> log.info("kernel {} is for a user who is called {}", kernel.id(), plain(user)));
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

  private static String plain(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  private static JsonNode model(Kernel kernel) {
    return JupyterJson.toObject(kernel.model());
  }
}
