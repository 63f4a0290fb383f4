package io.polybius.kernel.http;

import io.undertow.server.HttpHandler;
import io.undertow.server.RoutingHandler;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;

/** All routes of this module on one page. */
final class KernelRoutes {

  private final KernelsApi kernels;
  private final KernelSpecsApi specs;
  private final NotebookSessionsApi notebooks;
  private final SessionKernelApi sessionKernel;

  KernelRoutes(
      KernelsApi kernels,
      KernelSpecsApi specs,
      NotebookSessionsApi notebooks,
      SessionKernelApi sessionKernel) {
    this.kernels = kernels;
    this.specs = specs;
    this.notebooks = notebooks;
    this.sessionKernel = sessionKernel;
  }

  /** Returns the handler of the routes, which leaves all other paths to {@code next}. */
  HttpHandler handler(HttpHandler next) {
    return new RoutingHandler(false)
        .get("/api", JsonExchange.handler(kernels::version))
        .get("/api/status", JsonExchange.handler(kernels::status))
        .get("/api/kernelspecs", JsonExchange.handler(specs::list))
        .get("/api/kernelspecs/{name}", JsonExchange.handler(specs::get))
        .get("/kernelspecs/{name}/{file}", JsonExchange.handler(specs::file))
        .get("/api/kernels", JsonExchange.handler(kernels::list))
        .post("/api/kernels", JsonExchange.handler(kernels::create))
        .get("/api/kernels/{kernel}", JsonExchange.handler(kernels::get))
        .delete("/api/kernels/{kernel}", JsonExchange.handler(kernels::delete))
        .post("/api/kernels/{kernel}/interrupt", JsonExchange.handler(kernels::interrupt))
        .post("/api/kernels/{kernel}/restart", JsonExchange.handler(kernels::restart))
        .get("/api/kernels/{kernel}/channels", kernels::channels)
        .get("/api/sessions", JsonExchange.handler(notebooks::list))
        .post("/api/sessions", JsonExchange.handler(notebooks::create))
        .get("/api/sessions/{id}", JsonExchange.handler(notebooks::get))
        .add(Methods.PATCH, "/api/sessions/{id}", JsonExchange.handler(notebooks::change))
        .delete("/api/sessions/{id}", JsonExchange.handler(notebooks::delete))
        .post("/sessions/{session}/kernel", JsonExchange.handler(sessionKernel::connect))
        .setInvalidMethodHandler(
            exchange ->
                JsonExchange.of(exchange)
                    .fail(
                        StatusCodes.METHOD_NOT_ALLOWED,
                        "This resource does not support " + exchange.getRequestMethod() + "."))
        .setFallbackHandler(next);
  }
}
