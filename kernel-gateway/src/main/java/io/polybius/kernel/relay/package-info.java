/**
 * The process that Jupyter starts for a kernel: five sockets on one side, one WebSocket to a server
 * on the other. Needs neither sessions nor an HTTP server.
 */
package io.polybius.kernel.relay;
