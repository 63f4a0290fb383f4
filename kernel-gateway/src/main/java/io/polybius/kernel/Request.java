package io.polybius.kernel;

import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterMessage;

/**
 * A message from a client, and the way back to it.
 *
 * @param message what the client sent
 * @param from how the client is connected
 */
record Request(JupyterMessage message, KernelConnection from) {

  /** Returns what the header of everything is that belongs to this request. */
  Header header() {
    return message.header();
  }
}
