package io.polybius.server.http;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;

/** An answer that a request gets in place of the one it asked for. */
final class Refusal {

  private Refusal() {}

  /**
   * Answers with an error that clients of both doors can show: Livy's read {@code msg}, Jupyter's
   * {@code reason} and {@code message}.
   */
  static void send(HttpServerExchange exchange, int status, String message) {
    String text = new String(JsonStringEncoder.getInstance().quoteAsString(message));
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json;charset=utf-8");
    exchange
        .getResponseSender()
        .send(
            "{\"msg\":\"%s\",\"reason\":\"%s\",\"message\":\"%s\"}"
                .formatted(text, StatusCodes.getReason(status), text));
  }
}
