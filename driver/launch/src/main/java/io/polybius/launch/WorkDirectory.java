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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of a driver or a batch, for its secrets at the start and its temporary files later.
 * Only the server's user can look into it.
 *
 * @param path the directory
 */
record WorkDirectory(Path path) {

  private static final Logger logger = LoggerFactory.getLogger(WorkDirectory.class);

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

  /** Writes settings, which may be secrets, as a properties file, and returns where it is. */
  Path writeProperties(String fileName, Map<String, String> settings) throws IOException {
    Path file = path.resolve(fileName);
    write(file, asProperties(settings));
    return file;
  }

  /** Returns what is in a properties file of these settings. */
  static byte[] asProperties(Map<String, String> settings) throws IOException {
    Properties properties = new Properties();
    properties.putAll(settings);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    properties.store(bytes, null);
    return bytes.toByteArray();
  }

  /**
   * Writes the arguments of the {@code java} command in the form in which it reads them from a
   * file, and returns where they are.
   *
   * @param encoding that of the system, in which the command reads them
   */
  Path writeJavaArguments(List<String> arguments, Charset encoding) throws IOException {
    Path file = path.resolve("java.arguments");
    String text =
        arguments.stream()
            .map(WorkDirectory::quotedForJava)
            .map(argument -> argument + "\n")
            .collect(Collectors.joining());
    write(file, text.getBytes(encoding));
    return file;
  }

  private static String quotedForJava(String argument) {
    return argument
        .replace("\\", "\\\\")
        .replace("\"", "\\\"")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .transform(escaped -> "\"" + escaped + "\"");
  }

  /**
   * Writes a shell script that becomes a command, and returns where it is. Unlike the arguments of
   * a process that this JVM starts, it can be in any encoding.
   */
  Path writeShellScript(List<String> command, Charset encoding) throws IOException {
    Path file = path.resolve("command.sh");
    String text =
        command.stream()
            .map(word -> "'" + word.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" ", "exec ", "\n"));
    write(file, text.getBytes(encoding));
    return file;
  }

  /** Returns its name, which no other such directory has or will have. */
  String name() {
    return path.getFileName().toString();
  }

  /** Removes the directory and all that is in it, as far as that is possible. */
  void delete() {
    try {
      FileTree.delete(path);
    } catch (IOException e) {
      logger.warn("{} could not be deleted: {}", path, e.toString());
    }
  }

  /** Writes a file that was not there, and that only the server's user can read. */
  static void write(Path file, byte[] bytes) throws IOException {
    try (OutputStream out =
        Channels.newOutputStream(Files.newByteChannel(file, NEW_FILE, OWNER_FILE))) {
      out.write(bytes);
    }
  }
}
