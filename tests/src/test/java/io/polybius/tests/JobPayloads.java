package io.polybius.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The jobs of the program {@code LivyPayloads}, as Livy's Java client sends them. */
final class JobPayloads {

  private static Optional<JobPayloads> written = Optional.empty();

  private final Path jar;
  private final Path payloads;
  private final Path oldPayloads;

  private JobPayloads(Path jar, Path payloads, Path oldPayloads) {
    this.jar = jar;
    this.payloads = payloads;
    this.oldPayloads = oldPayloads;
  }

  /** Returns those that Livy's client has written, which are the same for all tests. */
  static synchronized JobPayloads written() throws Exception {
    if (written.isEmpty()) {
      written =
          Optional.of(
              write(Files.createTempDirectory(Commands.HOME.resolve("tests/target"), "payloads")));
    }
    return written.get();
  }

  private static JobPayloads write(Path folder) throws Exception {
    LivyClientProgram program =
        new LivyClientProgram(Files.createDirectories(folder.resolve("program")));
    Path payloads = Files.createDirectories(folder.resolve("payloads"));
    Path oldPayloads = Files.createDirectories(folder.resolve("old-payloads"));
    Path jar = program.writePayloads(payloads, true);
    program.writePayloads(oldPayloads, false);
    return new JobPayloads(jar, payloads, oldPayloads);
  }

  /** Returns the jar that has their classes. */
  Path jar() {
    return jar;
  }

  /**
   * Returns a job as Livy's client sends it from version 0.8 on.
   *
   * @param name of its class
   */
  byte[] job(String name) throws IOException {
    return Files.readAllBytes(payloads.resolve(name));
  }

  /** Returns a job as Livy's client 0.7.1 sends it. */
  byte[] oldJob(String name) throws IOException {
    return Files.readAllBytes(oldPayloads.resolve(name));
  }
}
