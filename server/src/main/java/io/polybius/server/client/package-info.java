/** What commands need to talk to a running server. */
package io.polybius.server.client;
