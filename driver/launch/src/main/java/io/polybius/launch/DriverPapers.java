package io.polybius.launch;

import io.polybius.driver.protocol.LinkSecrets;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is kept of a driver so that a later server can take it back: beside its directory, which it
 * deletes itself when it ends, files whose names begin like that of the directory. Only the
 * server's user can read them. Safe for use by many threads.
 */
final class DriverPapers {

  private static final Logger logger = LoggerFactory.getLogger(DriverPapers.class);

  private static final String SUFFIX = ".papers";
  private static final String CERTIFICATE = "certificate";
  private static final String SECRET = "secret";
  private static final String PREVIOUS_SECRET = "secret.previous";
  private static final String PID = "pid";
  private static final String STARTED = "started";
  private static final String OWNER = "owner";
  private static final String TAG = "application.tag";
  private static final String MASTER = "application.master";
  private static final String LATE_SETTING = "late-setting.";

  private final Path directory;
  private final Map<String, String> values;

  private DriverPapers(Path directory, Map<String, String> values) {
    this.directory = directory;
    this.values = values;
  }

  /** Returns papers for a new driver, on which nothing is written yet. */
  static DriverPapers blank(WorkDirectory directory) {
    return new DriverPapers(directory.path(), new TreeMap<>());
  }

  /** Returns the papers of all drivers in a folder, also of those that have ended. */
  static List<DriverPapers> in(Path folder) throws IOException {
    List<DriverPapers> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        Map<String, String> values = new TreeMap<>();
        try {
          values.putAll(read(file));
        } catch (IOException | IllegalArgumentException e) {
          // Its driver is nobody's then.
          logger.error("{} cannot be read, and its driver is lost: {}", file, e.toString());
        }
        found.add(
            new DriverPapers(
                folder.resolve(name.substring(0, name.length() - SUFFIX.length())), values));
      }
    }
    return found;
  }

  private static Map<String, String> read(Path file) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    Map<String, String> values = new TreeMap<>();
    properties.stringPropertyNames().forEach(key -> values.put(key, properties.getProperty(key)));
    return values;
  }

  /** Returns the driver's own directory. */
  WorkDirectory directory() {
    return new WorkDirectory(directory);
  }

  /** Returns the name by which the driver shows itself. */
  String driver() {
    return directory.getFileName().toString();
  }

  /** Returns the file in which this is kept. */
  Path file() {
    return directory.resolveSibling(driver() + SUFFIX);
  }

  /** Returns the file for the standard output. */
  Path output() {
    return directory.resolveSibling(driver() + ".stdout");
  }

  /** Returns the file for the standard error. */
  Path errors() {
    return directory.resolveSibling(driver() + ".stderr");
  }

  /** Writes down how the driver proves itself. */
  synchronized void issue(X509Certificate certificate, String secret)
      throws IOException, CertificateException {
    values.put(CERTIFICATE, Base64.getEncoder().encodeToString(certificate.getEncoded()));
    values.put(SECRET, secret);
    write();
  }

  /** Writes down the secrets in the place of those before. */
  synchronized void keep(LinkSecrets secrets) throws IOException {
    values.put(SECRET, secrets.current());
    values.put(PREVIOUS_SECRET, secrets.previous().orElse(""));
    write();
  }

  /** Writes down which process the driver is. */
  synchronized void started(ProcessHandle process) throws IOException {
    values.put(PID, String.valueOf(process.pid()));
    process
        .info()
        .startInstant()
        .ifPresent(start -> values.put(STARTED, String.valueOf(start.toEpochMilli())));
    write();
  }

  /**
   * Writes down who the driver is for.
   *
   * @param owner the name under which it was launched
   * @param lateSettings the settings that it was sent because it was started without any
   */
  synchronized void handOver(String owner, Map<String, String> lateSettings) throws IOException {
    values.put(OWNER, owner);
    lateSettings.forEach((key, value) -> values.put(LATE_SETTING + key, value));
    write();
  }

  /** Writes down by which tag its application is known, and to which cluster it is submitted. */
  synchronized void submitted(String tag, Master master) throws IOException {
    values.put(TAG, tag);
    values.put(MASTER, master.url());
    values.put(STARTED, String.valueOf(System.currentTimeMillis()));
    write();
  }

  /** Returns the tag of its application, if the driver runs in a cluster. */
  synchronized Optional<String> tag() {
    return Optional.ofNullable(values.get(TAG));
  }

  /** Returns the master of the cluster in which the driver runs. */
  synchronized Master master() {
    return new Master(values.getOrDefault(MASTER, ""), true);
  }

  /** Returns the name under which the driver was launched; empty if it is nobody's. */
  synchronized String owner() {
    return values.getOrDefault(OWNER, "");
  }

  synchronized LinkSecrets secrets() {
    return new LinkSecrets(
        values.getOrDefault(SECRET, ""),
        Optional.ofNullable(values.get(PREVIOUS_SECRET)).filter(text -> !text.isEmpty()));
  }

  synchronized Map<String, String> lateSettings() {
    Map<String, String> settings = new TreeMap<>();
    values.forEach(
        (key, value) -> {
          if (key.startsWith(LATE_SETTING)) {
            settings.put(key.substring(LATE_SETTING.length()), value);
          }
        });
    return settings;
  }

  synchronized X509Certificate certificate() throws CertificateException {
    byte[] encoded = Base64.getDecoder().decode(values.getOrDefault(CERTIFICATE, ""));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(encoded));
  }

  /** Returns the driver's process, if it has not ended. */
  synchronized Optional<ProcessHandle> process() {
    try {
      return ProcessTree.find(
          Long.parseLong(values.getOrDefault(PID, "")),
          Long.parseLong(values.getOrDefault(STARTED, "0")),
          directory);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** When the driver's process began, to tell the newer of two. */
  synchronized long startedMillis() {
    try {
      return Long.parseLong(values.getOrDefault(STARTED, "0"));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private void write() throws IOException {
    Path next = next();
    Files.deleteIfExists(next);
    WorkDirectory.write(next, WorkDirectory.asProperties(values));
    Files.move(next, file(), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Where the papers are written before they take the place of those before. */
  private Path next() {
    return directory.resolveSibling(driver() + ".new");
  }

  /** Removes all that is left of the driver. */
  synchronized void delete() {
    directory().delete();
    try {
      FollowedFile.delete(output());
      FollowedFile.delete(errors());
      Files.deleteIfExists(next());
      Files.deleteIfExists(file());
    } catch (IOException e) {
      logger.warn("what was kept of {} could not be deleted: {}", driver(), e.toString());
    }
  }
}
