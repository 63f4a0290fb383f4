package io.polybius.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The JVM's archives of the classes that a driver loads, which save a good part of its start. One
 * is made for each Spark, ahead or in the background after its first use, by a driver that runs
 * without a server.
 */
final class ClassDataArchive implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ClassDataArchive.class);

  /** What the first driver of a Spark is started for has the machine to itself for this long. */
  private static final long DELAY_SECONDS = 45;

  /** Enough for the Sparks that one server is likely to use. */
  private static final int KEPT = 3;

  private static final long TRAINING_TIMEOUT_SECONDS = 600;

  private final Path cacheDirectory;
  private final Path workDirectory;
  private final ScheduledExecutorService trainer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "class-data-archive");
            thread.setDaemon(true);
            return thread;
          });
  private final Set<Path> begun = new HashSet<>();

  /**
   * @param cacheDirectory where the archives are kept
   * @param workDirectory for the files of the process that makes one
   */
  ClassDataArchive(Path cacheDirectory, Path workDirectory) {
    this.cacheDirectory = cacheDirectory;
    this.workDirectory = workDirectory;
  }

  /** Returns the archive for drivers of that kind; without one, makes it for the next time. */
  synchronized Optional<Path> use(DriverCommandLine commandLine) throws IOException {
    Path archive = archive(commandLine);
    if (Files.isRegularFile(archive)) {
      return Optional.of(archive);
    }
    if (begun.add(archive)) {
      trainer.schedule(() -> make(archive, commandLine), DELAY_SECONDS, TimeUnit.SECONDS);
    }
    return Optional.empty();
  }

  /** Makes the archive for drivers of that kind now, unless it is there. */
  void prepare(DriverCommandLine commandLine) throws IOException {
    Path archive = archive(commandLine);
    if (!Files.isRegularFile(archive)) {
      make(archive, commandLine);
    }
  }

  private Path archive(DriverCommandLine commandLine) throws IOException {
    return cacheDirectory.resolve("driver-" + fingerprint(commandLine) + ".jsa");
  }

  @Override
  public void close() {
    trainer.shutdownNow();
    try {
      if (!trainer.awaitTermination(5, TimeUnit.SECONDS)) {
        log.warn("the process that makes a class data archive does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void make(Path archive, DriverCommandLine commandLine) {
    Process process = null;
    WorkDirectory directory = null;
    try {
      Files.createDirectories(cacheDirectory);
      directory = WorkDirectory.create(workDirectory, "training");
      Path unfinished = directory.path().resolve("unfinished.jsa");
      process =
          commandLine
              .trainingProcessBuilder(directory, unfinished)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      if (process.waitFor(TRAINING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
          && process.exitValue() == 0
          && Files.isRegularFile(unfinished)) {
        Path beside = Files.createTempFile(cacheDirectory, "driver", ".tmp");
        Files.move(unfinished, beside, StandardCopyOption.REPLACE_EXISTING);
        Files.move(beside, archive, StandardCopyOption.ATOMIC_MOVE);
        log.info("later drivers start faster with {}", archive);
        forgetOldArchives();
      } else {
        log.warn("no class data archive could be made; drivers start without one");
      }
    } catch (IOException e) {
      log.warn("no class data archive could be made: {}", e.toString());
    } catch (InterruptedException e) {
      log.debug("the server stops while a class data archive is made");
    } finally {
      if (process != null) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
      if (directory != null) {
        directory.delete();
      }
    }
  }

  /** Every change of a jar makes another archive; those of jars that are gone are of no use. */
  private void forgetOldArchives() throws IOException {
    try (Stream<Path> files = Files.list(cacheDirectory)) {
      List<Path> oldestLast =
          files
              .filter(file -> file.getFileName().toString().matches("driver-\\w+\\.jsa"))
              .sorted(Comparator.comparing((Path file) -> file.toFile().lastModified()).reversed())
              .toList();
      for (Path old : oldestLast.subList(Math.min(KEPT, oldestLast.size()), oldestLast.size())) {
        Files.deleteIfExists(old);
      }
    }
  }

  /** Changes with everything that makes an archive useless: the JVM, the jars and their order. */
  private static String fingerprint(DriverCommandLine commandLine) throws IOException {
    StringBuilder text = new StringBuilder(System.getProperty("java.vm.version"));
    for (Path jar : commandLine.sharedClassPath()) {
      text.append('\n').append(jar).append(' ').append(Files.size(jar));
      text.append(' ').append(Files.getLastModifiedTime(jar).toMillis());
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
