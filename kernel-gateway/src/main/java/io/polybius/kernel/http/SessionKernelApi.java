package io.polybius.kernel.http;

import io.polybius.kernel.wire.JupyterJson;
import io.undertow.util.StatusCodes;

/** {@code /sessions/{session}/kernel}: ZeroMQ sockets for a session. */
final class SessionKernelApi {

  private final SessionKernels sessionKernels;

  SessionKernelApi(SessionKernels sessionKernels) {
    this.sessionKernels = sessionKernels;
  }

  /**
   * {@code POST /sessions/{session}/kernel}. The key of the connection file is not in the answer:
   * only who may read the file may talk to the kernel.
   */
  void connect(JsonExchange exchange) {
    SessionKernels.Served served =
        sessionKernels.serve(exchange.path("session"), exchange.caller());
    exchange.answer(
        StatusCodes.CREATED,
        JupyterJson.object()
            .put("kernel_id", served.kernel().id())
            .put("session_id", served.kernel().sessionId())
            .put("connection_file", served.file().toString()));
  }
}
