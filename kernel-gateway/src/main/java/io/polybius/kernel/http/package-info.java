/**
 * Kernels over HTTP: the REST routes of a Jupyter gateway, the WebSocket that carries messages, and
 * ZeroMQ sockets for sessions on request.
 */
package io.polybius.kernel.http;
