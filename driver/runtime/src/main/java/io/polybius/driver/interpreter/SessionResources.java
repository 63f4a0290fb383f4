package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.DriverCommand.AddFilePart;
import io.polybius.driver.protocol.DriverCommand.AddResource;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.magic.MagicException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jars and files that clients add to a session, or upload to it. One after the other, on a thread
 * of its own, beside what runs.
 */
public final class SessionResources implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SessionResources.class);

  private static final Pattern FOLDER = Pattern.compile("[A-Za-z0-9-]{1,100}");
  private static final int MAX_NAME_BYTES = 200;

  /** Where a Python that starts looks for modules. */
  private static final String PYTHON_FILES = "spark.submit.pyFiles";

  private final SparkTools spark;

  /** Where Spark has files from, by their names; used by the thread only. */
  private final Map<String, String> files = new HashMap<>();

  private final Path directory;
  private final Consumer<String> pythonFiles;
  private final Consumer<DriverEvent> answers;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(null, task, "resources", 0, false);
            made.setDaemon(true);
            return made;
          });

  /**
   * Makes one.
   *
   * @param directory for what is uploaded
   * @param pythonFiles takes the addresses of files that a Python is to find which runs already
   */
  public SessionResources(
      SparkTools spark,
      Path directory,
      Consumer<String> pythonFiles,
      Consumer<DriverEvent> answers) {
    this.spark = spark;
    this.directory = directory;
    this.pythonFiles = pythonFiles;
    this.answers = answers;
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
    later(() -> answers.accept(taken(part)));
  }

  private DriverEvent taken(AddFilePart part) {
    try {
      Path file = place(part.folder(), part.name());
      try {
        Files.createDirectories(file.getParent());
        Files.write(file, part.bytes(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        // What is there of it is of no use.
        Files.deleteIfExists(file);
        throw e;
      }
      return new DriverEvent.FilePartTaken(part.requestId(), file.toUri().toString(), "");
    } catch (Refused e) {
      return new DriverEvent.FilePartTaken(part.requestId(), "", e.getMessage());
    } catch (IOException | RuntimeException e) {
      return new DriverEvent.FilePartTaken(
          part.requestId(), "", "The driver cannot keep the file: " + e);
    }
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
    later(
        () -> answers.accept(new DriverEvent.ResourceAdded(resource.requestId(), added(resource))));
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
    if (uri.startsWith(directory.toUri().toString())) {
      Files.deleteIfExists(Path.of(URI.create(uri)));
    }
  }

  /** Returns where Spark has it from; that is another address if the same was added before. */
  private String addFile(String uri) throws Refused, IOException {
    String name = nameIn(uri);
    URI address = URI.create(uri);
    boolean isHere = address.getScheme() == null || address.getScheme().equals("file");
    if (isHere) {
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
    }
    spark.context().addFile(uri);
    // Without what an address has to escape, as Python takes it for the name.
    String used = isHere ? address.getPath() : uri;
    files.put(name, used);
    return used;
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
    SparkConf settings = spark.context().conf();
    String before = settings.get(PYTHON_FILES, "");
    if (!("," + before + ",").contains("," + used + ",")) {
      settings.set(PYTHON_FILES, before.isBlank() ? used : before + "," + used);
      pythonFiles.accept(used);
    }
  }

  private void later(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("the driver ends, and takes no more resources");
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
