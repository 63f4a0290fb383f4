package io.polybius.launch;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.BatchSettings;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.BatchSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A process that launches one batch and then waits for its own end. */
final class ServerToKill {

  static final String ALL_LETTERS = "a\u00fc\u20ac\ud83d\ude00";

  static final String LAUNCHED = "launched";

  private ServerToKill() {}

  /**
   * Starts it on the Spark in a folder; it makes the file {@link #LAUNCHED} when it has launched.
   */
  static Process start(Path folder, Map<String, String> environment) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                ServerToKill.class.getName(),
                folder.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    return builder.start();
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    BatchSettings settings =
        new BatchSettings(
            "/a.jar", Optional.empty(), List.of(ALL_LETTERS), ApplicationSettings.NONE);
    try (SparkSubmitLauncher launcher =
        TestingSpark.submitLauncher(new TestingSpark(folder).settings("local"))) {
      launcher.launch(new BatchSpec(7, settings), new ProcessLog());
      Files.createFile(folder.resolve(LAUNCHED));
      System.in.read();
    }
  }
}
