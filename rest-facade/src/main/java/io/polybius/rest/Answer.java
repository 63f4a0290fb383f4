package io.polybius.rest;

import io.polybius.session.ResultDownload;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a client gets.
 *
 * @param status of HTTP
 * @param content what is sent
 * @param location where a thing that was made, or what is asked for, is found
 */
record Answer(int status, Content content, Optional<String> location) {

  private static final String JSON_TYPE = "application/json;charset=utf-8";

  /** What is sent. */
  sealed interface Content {}

  /** A value, as JSON. */
  record JsonContent(Object value) implements Content {}

  /** A value, as JSON, that takes a while to make. */
  record LazyJsonContent(Supplier<?> value) implements Content {}

  /** A text of some type, which says that it is UTF-8. */
  record TextContent(String type, String text) implements Content {}

  /**
   * Events, for as long as they come.
   *
   * @param feed where they come from; closed with the answer
   * @param format how they are written
   * @param heartbeat how often the client is told that the stream is alive when nothing happens
   * @param lasting where the answer is noted until it ends
   */
  record EventsContent(
      EventFeed feed, EventFormat format, Duration heartbeat, LastingRequests lasting)
      implements Content {}

  /**
   * A statement's whole table.
   *
   * @param download where it comes from; closed with the answer
   * @param form what it comes as
   * @param fileName what a client may call it
   * @param heartbeat how often it is looked whether the client still takes something
   * @param lasting where the answer is noted until it ends
   */
  record ResultContent(
      ResultDownload download,
      ResultsApi.Form form,
      String fileName,
      Duration heartbeat,
      LastingRequests lasting)
      implements Content {}

  /** What is there as it is sent. */
  record BytesContent(String type, byte[] bytes) implements Content {}

  /** Nothing. */
  record NoContent() implements Content {}

  static Answer ok(Object value) {
    return json(StatusCodes.OK, value);
  }

  /** Returns an answer whose value is made when it is sent. */
  static Answer okLazily(Supplier<?> value) {
    return new Answer(StatusCodes.OK, new LazyJsonContent(value), Optional.empty());
  }

  static Answer json(int status, Object value) {
    return new Answer(status, new JsonContent(value), Optional.empty());
  }

  /** Returns an answer that is JSON already. */
  static Answer encoded(String json) {
    return new Answer(StatusCodes.OK, new TextContent(JSON_TYPE, json), Optional.empty());
  }

  static Answer created(String location, Object value) {
    return new Answer(StatusCodes.CREATED, new JsonContent(value), Optional.of(location));
  }

  /** Returns an answer in the form that Livy gives to whatever has no form of its own. */
  static Answer message(int status, String text) {
    return json(status, Map.of("msg", text));
  }

  /** Returns an answer that says nothing but that it is done. */
  static Answer noContent() {
    return new Answer(StatusCodes.NO_CONTENT, new NoContent(), Optional.empty());
  }

  /** Returns Livy's answer to what is done and has no result: it has no body. */
  static Answer done() {
    return new Answer(StatusCodes.OK, new NoContent(), Optional.empty());
  }

  static Answer redirect(String location) {
    return new Answer(StatusCodes.FOUND, new NoContent(), Optional.of(location));
  }

  static Answer text(String text) {
    return new Answer(
        StatusCodes.OK, new TextContent("text/plain;charset=utf-8", text), Optional.empty());
  }

  static Answer html(String page) {
    return new Answer(
        StatusCodes.OK, new TextContent("text/html;charset=utf-8", page), Optional.empty());
  }

  static Answer events(EventsContent events) {
    return new Answer(StatusCodes.OK, events, Optional.empty());
  }

  static Answer result(ResultContent result) {
    return new Answer(StatusCodes.OK, result, Optional.empty());
  }

  /** Returns whether it goes on for as long as something happens. */
  boolean isStream() {
    return content instanceof EventsContent || content instanceof ResultContent;
  }

  /** Frees what it holds when it is not sent after all. */
  void discard() {
    if (content instanceof EventsContent events) {
      events.feed().close();
    } else if (content instanceof ResultContent result) {
      result.download().close();
    }
  }

  /** Returns it with all that takes a while or can fail done, so that it only has to be sent. */
  Answer encoded(Json json) {
    if (content instanceof JsonContent value) {
      return withBytes(JSON_TYPE, json.encode(value.value()));
    } else if (content instanceof LazyJsonContent lazy) {
      return withBytes(JSON_TYPE, json.encode(lazy.value().get()));
    } else if (content instanceof TextContent text) {
      return withBytes(text.type(), text.text().getBytes(StandardCharsets.UTF_8));
    }
    return this;
  }

  private Answer withBytes(String type, byte[] bytes) {
    return new Answer(status, new BytesContent(type, bytes), location);
  }

  /** Sends it, encoded; the exchange ends with that. */
  void send(HttpServerExchange exchange, Json json) {
    exchange.setStatusCode(status);
    location.ifPresent(path -> exchange.getResponseHeaders().put(Headers.LOCATION, path));
    Content ready = encoded(json).content();
    if (ready instanceof BytesContent body) {
      exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, body.type());
      exchange.getResponseSender().send(ByteBuffer.wrap(body.bytes()));
    } else if (ready instanceof EventsContent events) {
      new EventStream(exchange, events.feed(), events.format())
          .begin(events.heartbeat(), events.lasting());
    } else if (ready instanceof ResultContent result) {
      send(exchange, result, json);
    } else {
      exchange.endExchange();
    }
  }

  private void send(HttpServerExchange exchange, ResultContent result, Json json) {
    if (exchange.isHttp10()) {
      discard();
      message(
              StatusCodes.HTTP_VERSION_NOT_SUPPORTED,
              "Results need HTTP/1.1 (of nginx, proxy_http_version 1.1): with HTTP/1.0 nobody could"
                  + " tell one that was broken off from a whole one.")
          .send(exchange, json);
      return;
    }
    new ResultStream(exchange, result, json).begin(result.heartbeat(), result.lasting());
  }
}
