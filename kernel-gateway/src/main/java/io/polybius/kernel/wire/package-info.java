/**
 * The messages of the Jupyter protocol and their encodings: ZeroMQ frames, WebSocket frames and the
 * connection file. Knows nothing of sockets or sessions.
 */
package io.polybius.kernel.wire;
