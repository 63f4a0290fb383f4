/** The HTTP listener, and what every request has to pass before it reaches one of the two doors. */
package io.polybius.server.http;
