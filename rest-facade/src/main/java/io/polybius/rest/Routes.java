package io.polybius.rest;

import static io.undertow.util.Methods.DELETE;
import static io.undertow.util.Methods.GET;
import static io.undertow.util.Methods.POST;

import io.polybius.rest.Route.Speed;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The whole URL table. Each path works with and without a slash at its end. */
record Routes(
    VersionApi version,
    SessionsApi sessions,
    StatementsApi statements,
    JobsApi jobs,
    ResourcesApi resources,
    ResultsApi results,
    EventsApi events,
    BatchesApi batches,
    MetricsApi metrics,
    OpenApiDocument openApi) {

  /** Returns one line for each method of each path. */
  List<Route> table() {
    return List.of(
        get("/version", version::get),
        get("/openapi.json", openApi::get),
        list("/sessions", sessions::list),
        post("/sessions", sessions::create),
        get("/sessions/{session}", sessions::get),
        delete("/sessions/{session}", sessions::delete),
        get("/sessions/{session}/state", sessions::state),
        list("/sessions/{session}/log", sessions::log),
        list("/sessions/{session}/logs", sessions::log),
        post("/sessions/{session}/connect", sessions::connect),
        post("/sessions/{session}/interrupt", sessions::interrupt),
        stop("/sessions/{session}/stop", sessions::stop),
        stream("/sessions/{session}/events", events::ofSession),
        add("/sessions/{session}/add-jar", resources::addJar),
        add("/sessions/{session}/add-file", resources::addFile),
        add("/sessions/{session}/add-pyfile", resources::addPythonFile),
        upload("/sessions/{session}/upload-jar", resources::uploadJar),
        upload("/sessions/{session}/upload-file", resources::uploadFile),
        upload("/sessions/{session}/upload-pyfile", resources::uploadPythonFile),
        post("/sessions/{session}/completion", statements::complete),
        list("/sessions/{session}/statements", statements::list),
        post("/sessions/{session}/statements", statements::create),
        await("/sessions/{session}/statements/{statement}", statements::get),
        post("/sessions/{session}/statements/{statement}/cancel", statements::cancel),
        stream("/sessions/{session}/statements/{statement}/events", events::ofStatement),
        stream("/sessions/{session}/statements/{statement}/result", results::get),
        post("/sessions/{session}/submit-job", jobs::submit),
        post("/sessions/{session}/run-job", jobs::submit),
        list("/sessions/{session}/jobs", jobs::list),
        await("/sessions/{session}/jobs/{job}", jobs::get),
        post("/sessions/{session}/jobs/{job}/cancel", jobs::cancel),
        stream("/sessions/{session}/jobs/{job}/events", events::ofJob),
        stream("/sessions/{session}/shared", results::sharedNames),
        stream("/sessions/{session}/shared/{name}", results::shared),
        list("/batches", batches::list),
        post("/batches", batches::create),
        get("/batches/{batch}", batches::get),
        delete("/batches/{batch}", batches::delete),
        get("/batches/{batch}/state", batches::state),
        list("/batches/{batch}/log", batches::log),
        list("/batches/{batch}/logs", batches::log),
        get("/", metrics::root),
        get("/metrics", metrics::menu),
        list("/metrics/metrics", metrics::metrics),
        get("/metrics/ping", metrics::ping),
        list("/metrics/threads", metrics::threads),
        list("/metrics/healthcheck", metrics::health),
        get("/ping", metrics::ping),
        list("/threads", metrics::threads),
        list("/healthcheck", metrics::health));
  }

  private static Route get(String path, Function<Request, Answer> reader) {
    return Route.of(GET, path, Speed.AT_ONCE, reading(reader));
  }

  /** Like {@link #get}, for answers that may be long. */
  private static Route list(String path, Function<Request, Answer> reader) {
    return Route.of(GET, path, Speed.QUICK, reading(reader));
  }

  /** Like {@link #get}, for what clients can wait for. */
  private static Route await(String path, Endpoint endpoint) {
    return Route.of(GET, path, Speed.AS_ASKED, endpoint);
  }

  private static Route stream(String path, Endpoint endpoint) {
    return Route.of(GET, path, Speed.STREAMED, endpoint);
  }

  private static Route post(String path, Endpoint endpoint) {
    return Route.of(POST, path, Speed.QUICK, endpoint);
  }

  private static Route add(String path, Endpoint endpoint) {
    return Route.of(POST, path, Speed.UNTIL_ADDED, endpoint);
  }

  private static Route upload(String path, Endpoint endpoint) {
    return Route.of(POST, path, Speed.UPLOADED, endpoint);
  }

  private static Route stop(String path, Endpoint endpoint) {
    return Route.of(POST, path, Speed.UNTIL_STOPPED, endpoint);
  }

  private static Endpoint reading(Function<Request, Answer> reader) {
    return request -> CompletableFuture.completedFuture(reader.apply(request));
  }

  private static Route delete(String path, Endpoint endpoint) {
    return Route.of(DELETE, path, Speed.UNTIL_STOPPED, endpoint);
  }
}
