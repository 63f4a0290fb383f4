package io.polybius.rest;

import io.polybius.session.BatchService;
import io.polybius.session.SessionService;
import io.undertow.server.HttpHandler;
import io.undertow.server.handlers.HttpContinueReadHandler;
import io.undertow.server.handlers.encoding.ContentEncodingRepository;
import io.undertow.server.handlers.encoding.EncodingHandler;
import io.undertow.server.handlers.encoding.GzipEncodingProvider;

/** The Livy REST API, as a handler for an Undertow listener. */
public final class RestFacade implements AutoCloseable {

  private static final int GZIP_PRIORITY = 50;

  /** Bytes that arrive no sooner when there are fewer of them. */
  private static final int ONE_PACKET = 1400;

  private final LastingRequests lasting = new LastingRequests();
  private final Routes routes;
  private final HttpHandler handler;

  /**
   * Makes the API over sessions.
   *
   * @param sessions the core of sessions; not closed with the API
   * @param batches the core of batches; not closed with the API
   * @param settings what the operator chose
   */
  public RestFacade(SessionService sessions, BatchService batches, RestSettings settings) {
    this(sessions, batches, settings, Deadlines.DEFAULT);
  }

  RestFacade(
      SessionService sessions, BatchService batches, RestSettings settings, Deadlines deadlines) {
    this(sessions, batches, settings, deadlines, BodyRoom.ofThisProcess());
  }

  RestFacade(
      SessionService sessions,
      BatchService batches,
      RestSettings settings,
      Deadlines deadlines,
      BodyRoom room) {
    Json json = new Json();
    Impersonation impersonation = new Impersonation(settings.impersonation());
    LongPoll longPoll = new LongPoll(lasting);
    ServerMetrics metrics = new ServerMetrics(sessions, batches, lasting);
    this.routes =
        new Routes(
            new VersionApi(settings.version()),
            new SessionsApi(sessions, impersonation),
            new StatementsApi(sessions, longPoll, json),
            new JobsApi(sessions, longPoll, lasting, deadlines.heartbeat()),
            new ResourcesApi(sessions, lasting, settings.maxUploadBytes()),
            new ResultsApi(sessions, lasting, deadlines.heartbeat()),
            new EventsApi(
                sessions, new EventFormat(sessions, json), lasting, deadlines.heartbeat()),
            new BatchesApi(batches, impersonation),
            new MetricsApi(metrics),
            new OpenApiDocument());
    HttpHandler router =
        new Router(
            routes.table(),
            metrics,
            json,
            new BodyLimits(settings.maxBodyBytes(), room),
            deadlines);
    HttpHandler guarded = settings.csrfProtection() ? new CsrfGuard(router, json) : router;
    HttpHandler versioned = new AcceptedVersion(guarded, json);
    this.handler =
        new SecurityHeaders(
            settings.securityHeaders(),
            new HttpContinueReadHandler(withCompressedAnswers(versioned)));
  }

  /**
   * Returns the handler of all routes. It answers requests for other paths with 404 and may be
   * called on an IO thread; an authenticated caller is taken from the exchange's security context,
   * and the request's id from the answer's header {@code X-Request-Id}.
   */
  public HttpHandler handler() {
    return handler;
  }

  /** Ends the requests that would last longer. Others are answered as before. */
  @Override
  public void close() {
    lasting.close();
  }

  /** Returns the URL table. */
  Routes routes() {
    return routes;
  }

  private static HttpHandler withCompressedAnswers(HttpHandler next) {
    ContentEncodingRepository encodings =
        new ContentEncodingRepository()
            .addEncodingHandler(
                "gzip",
                new GzipEncodingProvider(),
                GZIP_PRIORITY,
                exchange ->
                    exchange.getResponseContentLength() > ONE_PACKET
                        || ResultStream.isText(exchange));
    return new EncodingHandler(next, encodings).setNoEncodingHandler(next);
  }
}
