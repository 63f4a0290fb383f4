package io.polybius.kernel.http;

import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.kernel.wire.LegacyWebSocketCodec;
import io.polybius.kernel.wire.V1WebSocketCodec;
import io.polybius.kernel.wire.WireException;
import java.nio.ByteBuffer;

/** How the messages on a WebSocket are written, which client and server agree on at its start. */
enum WireForm {
  /** The subprotocol, in which all frames are binary. */
  V1 {
    @Override
    Frame encode(JupyterMessage message) {
      return new Frame(V1_CODEC.encode(message), false);
    }

    @Override
    JupyterMessage decode(ByteBuffer frame) throws WireException {
      return V1_CODEC.decode(frame);
    }
  },

  /** No subprotocol: text, and binary for messages with buffers. */
  LEGACY {
    @Override
    Frame encode(JupyterMessage message) {
      return message.buffers().isEmpty()
          ? LEGACY_TEXT.encode(message)
          : new Frame(LEGACY_CODEC.encodeBinary(message), false);
    }

    @Override
    JupyterMessage decode(ByteBuffer frame) throws WireException {
      return LEGACY_CODEC.decode(frame);
    }
  },

  /** The same without buffers, for a Jupyter server: a binary frame would stop it from reading. */
  LEGACY_TEXT {
    @Override
    Frame encode(JupyterMessage message) {
      return new Frame(LEGACY_CODEC.encodeText(message), true);
    }

    @Override
    JupyterMessage decode(ByteBuffer frame) throws WireException {
      return LEGACY_CODEC.decode(frame);
    }
  };

  private static final V1WebSocketCodec V1_CODEC = new V1WebSocketCodec();
  private static final LegacyWebSocketCodec LEGACY_CODEC = new LegacyWebSocketCodec();

  /** One message as it goes out. */
  record Frame(ByteBuffer bytes, boolean isText) {

    int size() {
      return bytes.remaining();
    }
  }

  abstract Frame encode(JupyterMessage message);

  abstract JupyterMessage decode(ByteBuffer frame) throws WireException;
}
