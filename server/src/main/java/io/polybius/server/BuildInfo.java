package io.polybius.server;

import io.polybius.rest.VersionInfo;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/**
 * What this program was built from.
 *
 * @param version the release
 * @param revision the commit, or {@code unknown} when it was not built from a repository
 * @param branch the branch that was built
 * @param date when the commit was made
 */
record BuildInfo(String version, String revision, String branch, String date) {

  /** Livy's clients choose by this what they ask for, and compare its parts as texts. */
  private static final String LIVY_RELEASE = "0.9.0";

  /** Reads what the build has noted. */
  static BuildInfo read() {
    try (InputStream in = BuildInfo.class.getResourceAsStream("build.properties")) {
      Properties noted = new Properties();
      noted.load(in);
      return new BuildInfo(
          noted.getProperty("version"),
          noted.getProperty("revision"),
          noted.getProperty("branch"),
          noted.getProperty("date"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns it as the REST door shows it. Who built it, and on which site, is nobody's concern. */
  VersionInfo forRest() {
    return new VersionInfo(LIVY_RELEASE, "", revision, branch, date, "");
  }
}
