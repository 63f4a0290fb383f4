package io.polybius.tests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The jobs of the program {@code LivyPayloads}, as Livy's Java client sends them. */
final class JobPayloads {

  private final Path jar;
  private final Path payloads;
  private final Path oldPayloads;

  private JobPayloads(Path jar, Path payloads, Path oldPayloads) {
    this.jar = jar;
    this.payloads = payloads;
    this.oldPayloads = oldPayloads;
  }

  /** Has Livy's client write them. */
  static JobPayloads write(Path folder) throws Exception {
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
