package io.polybius.kernel;

import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.ReplyContent;
import java.util.Optional;

/**
 * One way by which clients reach a kernel: a WebSocket, or the five sockets that any number of
 * ZeroMQ clients share.
 */
public interface KernelConnection {

  /** A client that is not there any more. */
  KernelConnection NOBODY =
      new KernelConnection() {
        @Override
        public void send(JupyterMessage message) {}

        @Override
        public void kernelEnded() {}

        @Override
        public boolean isLive() {
          return false;
        }
      };

  /**
   * Passes a message on, in the order of the calls. Called on the threads of sessions and of other
   * clients, so it must return at once and never wait for a client.
   */
  void send(JupyterMessage message);

  /** The kernel is over and nothing more will come; must return at once. */
  void kernelEnded();

  /** Returns whether a client is there now; if not, what is sent waits for it. */
  default boolean isLive() {
    return true;
  }

  /** Returns whether a kernel that ends is started again by whom the connection belongs to. */
  default boolean startsAgain() {
    return false;
  }

  /** Returns the name under which the connection outlives the server; empty if it does not. */
  default String keptName() {
    return "";
  }

  /** Returns where the connection listens, if it does. */
  default Optional<ReplyContent.Ports> ports() {
    return Optional.empty();
  }
}
