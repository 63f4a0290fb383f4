package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.KernelException;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.session.Caller;
import io.polybius.session.ErrorCode;
import io.polybius.session.SessionException;
import io.undertow.security.api.SecurityContext;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.PathTemplateMatch;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One HTTP request whose body and answer are JSON. */
final class JsonExchange {

  private static final Logger log = LoggerFactory.getLogger(JsonExchange.class);
  private static final long MAX_BODY_BYTES = 1 << 20;

  private final HttpServerExchange exchange;
  private final byte[] body;

  private JsonExchange(HttpServerExchange exchange, byte[] body) {
    this.exchange = exchange;
    this.body = body;
  }

  /** Serves a request on a worker's thread. */
  interface Endpoint {
    void serve(JsonExchange exchange) throws MalformedMessageException;
  }

  /** Returns a handler that reads the body without blocking and then calls the endpoint. */
  static HttpHandler handler(Endpoint endpoint) {
    return exchange -> {
      exchange.setMaxEntitySize(MAX_BODY_BYTES);
      exchange
          .getRequestReceiver()
          .receiveFullBytes(
              (received, bytes) ->
                  received.dispatch(() -> new JsonExchange(received, bytes).serve(endpoint)),
              (failed, error) ->
                  of(failed)
                      .fail(StatusCodes.REQUEST_ENTITY_TOO_LARGE, "The body cannot be read."));
    };
  }

  /** Returns an exchange whose body does not matter. */
  static JsonExchange of(HttpServerExchange exchange) {
    return new JsonExchange(exchange, new byte[0]);
  }

  private void serve(Endpoint endpoint) {
    try {
      endpoint.serve(this);
    } catch (MalformedMessageException e) {
      fail(StatusCodes.BAD_REQUEST, "The body is not what it should be: " + e.getMessage());
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /** Returns the body as a record; an empty one is taken for an empty object. */
  <T> T body(Class<T> type) throws MalformedMessageException {
    ObjectNode object = body.length == 0 ? JupyterJson.object() : JupyterJson.readObject(body);
    return JupyterJson.convert(object, type);
  }

  /** Returns a part of the path. */
  String path(String name) {
    return path(exchange, name);
  }

  /** Returns a part of a path. */
  static String path(HttpServerExchange exchange, String name) {
    return exchange.getAttachment(PathTemplateMatch.ATTACHMENT_KEY).getParameters().get(name);
  }

  /** Returns the first value of a parameter of the query. */
  Optional<String> query(String name) {
    return query(exchange, name);
  }

  /** Returns the first value of a parameter of a query. */
  static Optional<String> query(HttpServerExchange exchange, String name) {
    Deque<String> values = exchange.getQueryParameters().get(name);
    return values == null ? Optional.empty() : Optional.ofNullable(values.peekFirst());
  }

  /** Returns who asks, as far as the server has found that out. */
  Caller caller() {
    SecurityContext security = exchange.getSecurityContext();
    Optional<String> user =
        security == null || security.getAuthenticatedAccount() == null
            ? Optional.empty()
            : Optional.of(security.getAuthenticatedAccount().getPrincipal().getName());
    InetSocketAddress source = exchange.getSourceAddress();
    return new Caller(
        user,
        source.getAddress() == null
            ? source.getHostString()
            : source.getAddress().getHostAddress());
  }

  /** Sets a header of the answer. */
  JsonExchange header(io.undertow.util.HttpString name, String value) {
    exchange.getResponseHeaders().put(name, value);
    return this;
  }

  /** Answers when the stage completes, with what {@code answer} does or with its failure. */
  void answerLater(CompletionStage<?> stage, Runnable answer) {
    exchange.dispatch(
        SameThreadExecutor.INSTANCE,
        () ->
            stage.whenComplete(
                (done, failure) -> {
                  if (failure == null) {
                    answer.run();
                  } else {
                    fail(failure);
                  }
                }));
  }

  /** Answers with a value. */
  void answer(int status, JsonNode value) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    exchange.getResponseSender().send(ByteBuffer.wrap(JupyterJson.write(value)));
  }

  /** Answers with the content of a file. */
  void answer(String contentType, byte[] content) {
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, contentType);
    exchange.getResponseSender().send(ByteBuffer.wrap(content));
  }

  /** Answers without a body. */
  void answerNothing() {
    exchange.setStatusCode(StatusCodes.NO_CONTENT);
    exchange.endExchange();
  }

  /** Answers with an error. */
  void fail(int status, String message) {
    answer(
        status,
        JupyterJson.object().put("reason", StatusCodes.getReason(status)).put("message", message));
  }

  private void fail(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof SessionException refused) {
      fail(status(refused.code().type()), refused.getMessage());
    } else if (cause instanceof KernelException refused) {
      fail(status(refused.reason().type()), refused.getMessage());
    } else {
      // The listener's handlers have given the request an id.
      String id = exchange.getResponseHeaders().getFirst("X-Request-Id");
      log.error("request {} failed", id, cause);
      fail(
          StatusCodes.INTERNAL_SERVER_ERROR,
          "The server failed (request " + id + "); its log says how.");
    }
  }

  private static int status(ErrorCode.Type type) {
    return switch (type) {
      case BAD_REQUEST -> StatusCodes.BAD_REQUEST;
      case NOT_FOUND -> StatusCodes.NOT_FOUND;
      case CONFLICT -> StatusCodes.CONFLICT;
      case UNAVAILABLE -> StatusCodes.SERVICE_UNAVAILABLE;
    };
  }
}
