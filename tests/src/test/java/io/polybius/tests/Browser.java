package io.polybius.tests;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The Chromium in which the tests see JupyterLab. */
final class Browser {

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");

  private Browser() {}

  /** Returns the program; skips the test that asks if there is none. */
  static Path program() throws IOException, InterruptedException {
    return DebianPackage.program(NAMES, "chromium");
  }
}
