package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.DriverCommand.AddFilePart;
import io.polybius.driver.protocol.DriverCommand.AddResource;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.magic.MagicException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jars and files that clients add to a session, or upload to it, beside what runs. What is uploaded
 * is written by one thread, piece after piece. What is added may come from a file system that does
 * not answer, so several are added at a time, each for a while at most.
 */
public final class SessionResources implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SessionResources.class);

  private static final Pattern FOLDER = Pattern.compile("[A-Za-z0-9-]{1,100}");
  private static final int MAX_NAME_BYTES = 200;

  /** Those that hang must not keep others waiting; more at a time than this would only do that. */
  private static final int ADDED_AT_A_TIME = 8;

  /** What the server waits for an answer. */
  public static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Where a Python that starts looks for modules. */
  private static final String PYTHON_FILES = "spark.submit.pyFiles";

  private final SparkTools spark;

  private final Path directory;
  private final PythonFiles pythonFiles;
  private final Consumer<DriverEvent> answers;
  private final ScheduledExecutorService timer;
  private final Duration patience;
  private final ExecutorService writer = Executors.newSingleThreadExecutor(threads("uploads"));
  private final ExecutorService adders =
      Executors.newFixedThreadPool(ADDED_AT_A_TIME, threads("resources"));

  /** Where Spark has files from, by their names. */
  private final Map<String, String> files = new ConcurrentHashMap<>();

  /** Held while a file of that name is added; a disk may not answer meanwhile. */
  private final Map<String, Object> locks = new ConcurrentHashMap<>();

  /** What removes the folders of uploads that were not added, by their names. */
  private final Map<String, ScheduledFuture<?>> notAdded = new ConcurrentHashMap<>();

  /** The Python of the session, if one runs. */
  public interface PythonFiles {

    /**
     * Lets a Python that runs already find what is at an address.
     *
     * @return why it does not; empty if it does, or if none runs
     */
    Optional<String> include(String uri);
  }

  /**
   * Makes one.
   *
   * @param directory for what is uploaded
   * @param pythonFiles is told of files for Python
   * @param timer ends what takes too long
   * @param patience how long anything may take
   */
  public SessionResources(
      SparkTools spark,
      Path directory,
      PythonFiles pythonFiles,
      Consumer<DriverEvent> answers,
      ScheduledExecutorService timer,
      Duration patience) {
    this.spark = spark;
    this.directory = directory;
    this.pythonFiles = pythonFiles;
    this.answers = answers;
    this.timer = timer;
    this.patience = patience;
  }

  private static ThreadFactory threads(String name) {
    return task -> {
      Thread made = new Thread(null, task, name, 0, false);
      made.setDaemon(true);
      return made;
    };
  }

  /** Why something cannot be had. The message is for the user. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  // ---- uploads

  /** Takes a piece of a file, and says where the file is. */
  public void take(AddFilePart part) {
    try {
      writer.execute(() -> answers.accept(taken(part)));
    } catch (RejectedExecutionException e) {
      log.debug("the driver ends, and takes no more uploads");
    }
  }

  private DriverEvent taken(AddFilePart part) {
    try {
      Path file = place(part.folder(), part.name());
      removeUnlessAdded(part.folder());
      Files.createDirectories(file.getParent());
      Files.write(file, part.bytes(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      return new DriverEvent.FilePartTaken(part.requestId(), file.toUri().toString(), "");
    } catch (Refused e) {
      return new DriverEvent.FilePartTaken(part.requestId(), "", e.getMessage());
    } catch (IOException | RuntimeException e) {
      // What is there of it is of no use.
      stopRemoval(part.folder());
      remove(part.folder());
      return new DriverEvent.FilePartTaken(
          part.requestId(), "", "The driver cannot keep the file: " + e);
    }
  }

  /**
   * Whatever ends an upload half-way, also the end of its server: after the time in which the next
   * piece would have come, or the word to add the file, it is removed.
   */
  private void removeUnlessAdded(String folder) {
    ScheduledFuture<?> removal =
        timer.schedule(
            () -> {
              if (stopRemoval(folder)) {
                remove(folder);
              }
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
    Optional.ofNullable(notAdded.put(folder, removal)).ifPresent(before -> before.cancel(false));
  }

  /** Has a folder not be removed, and returns whether it would have been. */
  private boolean stopRemoval(String folder) {
    ScheduledFuture<?> removal = notAdded.remove(folder);
    if (removal != null) {
      removal.cancel(false);
    }
    return removal != null;
  }

  private void remove(String folder) {
    Path path = directory.resolve(folder);
    try (DirectoryStream<Path> all = Files.newDirectoryStream(path)) {
      for (Path file : all) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(path);
    } catch (NoSuchFileException e) {
      log.debug("nothing was uploaded to {}", path);
    } catch (IOException e) {
      log.warn("what was uploaded is left in {}: {}", path, e.toString());
    }
  }

  /** Returns the folder of a file that was uploaded. */
  private Optional<String> uploadFolder(String uri) {
    String prefix = directory.toUri().toString();
    // The directory may not exist yet, and then its address has no slash at the end.
    prefix = prefix.endsWith("/") ? prefix : prefix + "/";
    return uri.startsWith(prefix)
        ? Optional.of(uri.substring(prefix.length()).replaceFirst("/.*", ""))
            .filter(folder -> FOLDER.matcher(folder).matches())
        : Optional.empty();
  }

  /** Returns where a file is put, which is never outside of the directory. */
  private Path place(String folder, String name) throws Refused {
    boolean isName =
        !name.isBlank()
            && !name.equals(".")
            && !name.equals("..")
            && name.chars().noneMatch(letter -> letter == '/' || letter == '\\' || letter < ' ')
            && name.getBytes(StandardCharsets.UTF_8).length <= MAX_NAME_BYTES;
    if (!isName || !FOLDER.matcher(folder).matches()) {
      throw new Refused(
          "This is no name for a file: it must have no folder, no control characters, and at most "
              + MAX_NAME_BYTES
              + " bytes.");
    }
    return directory.resolve(folder).resolve(name);
  }

  // ---- use

  /** Makes a file available, and says when that is done, or why it is not. */
  public void add(AddResource resource) {
    Optional<String> upload = uploadFolder(resource.uri());
    upload.ifPresent(this::stopRemoval);
    AtomicBoolean answered = new AtomicBoolean();
    AtomicBoolean begun = new AtomicBoolean();
    Future<?> adding;
    try {
      adding =
          adders.submit(
              () -> {
                if (!begun.compareAndSet(false, true)) {
                  return;
                }
                String failure = added(resource);
                if (!failure.isEmpty()) {
                  upload.filter(folder -> !isUsed(folder)).ifPresent(this::remove);
                }
                answer(resource, failure, answered);
              });
    } catch (RejectedExecutionException e) {
      log.debug("the driver ends, and adds nothing more");
      return;
    }
    ScheduledFuture<?> unused =
        timer.schedule(
            () -> {
              answer(
                  resource,
                  resource.uri()
                      + " was not added within "
                      + patience.toSeconds()
                      + " s, for what it is on does not answer, or others before it do not.",
                  answered);
              adding.cancel(true);
              if (begun.compareAndSet(false, true)) {
                upload.ifPresent(this::remove);
              }
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private void answer(AddResource resource, String failure, AtomicBoolean answered) {
    if (answered.compareAndSet(false, true)) {
      answers.accept(new DriverEvent.ResourceAdded(resource.requestId(), failure));
    }
  }

  /** Returns whether Spark has a file out of that folder. */
  private boolean isUsed(String folder) {
    Path path = directory.resolve(folder);
    return files.values().stream().anyMatch(file -> file.startsWith(path + "/"));
  }

  /** Returns why it is not there; empty if it is. */
  private String added(AddResource resource) {
    String uri = resource.uri();
    try {
      switch (resource.kind()) {
        case JAR -> addJar(uri);
        case FILE -> addFile(uri);
        case PYTHON_FILE -> addPythonFile(uri);
      }
      return "";
    } catch (Refused | MagicException e) {
      return e.getMessage();
    } catch (Exception | LinkageError e) {
      // Also checked exceptions, which Spark throws without declaring them.
      log.debug("{} could not be added", uri, e);
      return uri + " cannot be added: " + e;
    }
  }

  private void addJar(String uri) throws MagicException, IOException {
    spark.addJarBeside(uri);
    // There is a copy now.
    uploadFolder(uri).ifPresent(this::remove);
  }

  /** Returns where Spark has it from; that is another address if the same was added before. */
  private String addFile(String uri) throws Refused, IOException {
    String name = nameIn(uri);
    URI address = URI.create(uri);
    boolean isHere = address.getScheme() == null || address.getScheme().equals("file");
    if (!isHere) {
      spark.context().addFile(uri);
      files.put(name, uri);
      return uri;
    }
    // Two of one name may come at a time.
    synchronized (locks.computeIfAbsent(name, key -> new Object())) {
      Path file = Path.of(address.getPath());
      if (!Files.isReadable(file)) {
        throw new Refused("There is no file " + file + " that the driver can read.");
      } else if (Files.isDirectory(file)) {
        throw new Refused(file + " is a folder.");
      }
      Path present = Path.of(SparkFiles.get(name));
      if (Files.isRegularFile(present)) {
        if (Files.mismatch(present, file) < 0) {
          return files.getOrDefault(name, uri);
        }
        throw new Refused(
            "Another file "
                + name
                + " was added before, and Spark cannot replace it; add it under"
                + " another name.");
      }
      spark.context().addFile(uri);
      // Without what an address has to escape, as Python takes it for the name.
      files.put(name, address.getPath());
      return address.getPath();
    }
  }

  private static String nameIn(String uri) {
    String path = URI.create(uri).getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private void addPythonFile(String uri) throws Refused, MagicException, IOException {
    if (nameIn(uri).contains(",")) {
      throw new Refused("The name of a file for Python must have no comma in it.");
    }
    String used = addFile(uri);
    if (uri.toLowerCase(Locale.ROOT).endsWith(".jar")) {
      spark.addJarBeside(uri);
    }
    synchronized (pythonFiles) {
      SparkConf settings = spark.context().conf();
      String before = settings.get(PYTHON_FILES, "");
      if (("," + before + ",").contains("," + used + ",")) {
        return;
      }
      settings.set(PYTHON_FILES, before.isBlank() ? used : before + "," + used);
      Optional<String> failure = pythonFiles.include(used);
      if (failure.isPresent()) {
        // It would keep the next Python from starting, too.
        settings.set(PYTHON_FILES, before);
        throw new Refused(nameIn(uri) + " cannot be added: " + failure.get());
      }
    }
  }

  @Override
  public void close() {
    writer.shutdownNow();
    adders.shutdownNow();
  }
}
