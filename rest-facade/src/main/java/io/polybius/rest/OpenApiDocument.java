package io.polybius.rest;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The description of all routes for programs, in the form of OpenAPI 3. It is written by hand, and
 * compared by a test with the routes, the parameters that they read and the records that they send.
 */
final class OpenApiDocument {

  private static final String RESOURCE = "openapi.json";

  private final String text;

  OpenApiDocument() {
    try (InputStream resource = OpenApiDocument.class.getResourceAsStream(RESOURCE)) {
      text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Answer get(Request request) {
    return Answer.encoded(text);
  }
}
