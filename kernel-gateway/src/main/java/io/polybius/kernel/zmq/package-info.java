/** The kernel's end of ZeroMQ: the five sockets of a connection file. */
package io.polybius.kernel.zmq;
