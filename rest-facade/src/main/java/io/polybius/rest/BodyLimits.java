package io.polybius.rest;

/**
 * How much may be sent to the server.
 *
 * @param maxBytes the longest body of a request, encoded or decoded
 * @param room for the large ones of all requests
 */
record BodyLimits(long maxBytes, BodyRoom room) {}
