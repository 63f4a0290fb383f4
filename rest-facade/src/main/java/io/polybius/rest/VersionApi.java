package io.polybius.rest;

/** The route that says what this server is. */
final class VersionApi {

  private final VersionInfo version;

  VersionApi(VersionInfo version) {
    this.version = version;
  }

  Answer get(Request request) {
    return Answer.ok(version);
  }
}
