package io.polybius.rest;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;

/**
 * What a client gets.
 *
 * @param status of HTTP
 * @param body what is sent as JSON
 * @param location where a thing that was made is found
 */
record Answer(int status, Object body, Optional<String> location) {

  private static final Object NOTHING = new Object();
  private static final String CONTENT_TYPE = "application/json;charset=utf-8";

  static Answer ok(Object body) {
    return new Answer(StatusCodes.OK, body, Optional.empty());
  }

  static Answer created(String location, Object body) {
    return new Answer(StatusCodes.CREATED, body, Optional.of(location));
  }

  /** Returns an answer in the form that Livy gives to whatever has no form of its own. */
  static Answer message(int status, String text) {
    return new Answer(status, Map.of("msg", text), Optional.empty());
  }

  /** Returns an answer that says nothing but that it is done. */
  static Answer noContent() {
    return new Answer(StatusCodes.NO_CONTENT, NOTHING, Optional.empty());
  }

  /** Sends it and ends the exchange. */
  void send(HttpServerExchange exchange, Json json) {
    if (body == NOTHING) {
      exchange.setStatusCode(status);
      exchange.endExchange();
      return;
    }
    ByteBuffer bytes = ByteBuffer.wrap(json.encode(body));
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, CONTENT_TYPE);
    location.ifPresent(path -> exchange.getResponseHeaders().put(Headers.LOCATION, path));
    exchange.getResponseSender().send(bytes);
  }
}
