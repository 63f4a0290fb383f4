package io.polybius.launch;

import io.polybius.launch.SessionCertificates.DriverKeys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A driver's own directory, for its secrets at the start and its temporary files later. Only the
 * server's user can look into it.
 *
 * @param path the directory
 */
record WorkDirectory(Path path) {

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final Set<OpenOption> NEW_FILE =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  /** Makes a directory that did not exist. */
  static WorkDirectory create(Path parent, String name) throws IOException {
    Files.createDirectories(parent, OWNER_DIRECTORY);
    return new WorkDirectory(Files.createTempDirectory(parent, name + "-", OWNER_DIRECTORY));
  }

  /** Writes the driver's keys and returns where they are. */
  Path writeKeys(DriverKeys keys) throws IOException {
    Path file = path.resolve("driver.p12");
    write(file, keys.pkcs12());
    return file;
  }

  /** Writes the driver's settings, which hold secrets, and returns where they are. */
  Path writeSettings(Map<String, String> settings) throws IOException {
    Path file = path.resolve("driver.properties");
    Properties properties = new Properties();
    properties.putAll(settings);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    properties.store(bytes, null);
    write(file, bytes.toByteArray());
    return file;
  }

  /**
   * Writes options of the JVM in the form in which the {@code java} command reads them from a file,
   * and returns where they are.
   */
  Path writeJvmOptions(List<String> options) throws IOException {
    Path file = path.resolve("jvm.options");
    String text =
        options.stream()
            .map(option -> option.replace("\\", "\\\\").replace("\"", "\\\""))
            .map(option -> "\"" + option + "\"\n")
            .collect(Collectors.joining());
    // The java command reads it in the encoding of the platform.
    write(file, text.getBytes(Charset.forName(System.getProperty("native.encoding"))));
    return file;
  }

  /** Removes the directory and all that is in it, as far as that is possible. */
  void delete() throws IOException {
    FileTree.delete(path);
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    try (OutputStream out =
        Channels.newOutputStream(Files.newByteChannel(file, NEW_FILE, OWNER_FILE))) {
      out.write(bytes);
    }
  }
}
