package io.polybius.driver;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the server tells a driver at its start, in a file that only the driver's user can read, or
 * where there is no way to bring a file, in a variable of its environment. The names of the
 * properties are those that {@code io.polybius.launch.DriverLinks} and the launchers write.
 *
 * @param driver the name in the driver's certificate
 * @param secret the one-time secret for the first greeting
 * @param servers where the server may be found listening for drivers
 * @param keyStore PKCS#12 with the driver's key and the server's certificate
 * @param keyStorePassword opens it
 * @param serverPatience how long to go on without the server
 * @param workDirectory the driver's own directory, which goes away with the driver
 * @param maxOutputChars how much printed text of one statement is passed on
 * @param kernelFolders where the descriptions of Jupyter kernels are
 * @param endsByReturning whether the process belongs to a cluster, which ends it when the driver's
 *     main method returns
 * @param spark Spark settings; empty in a driver that is started ahead of its session, and gets
 *     them later
 */
record DriverSettings(
    String driver,
    String secret,
    List<InetSocketAddress> servers,
    byte[] keyStore,
    String keyStorePassword,
    Duration serverPatience,
    Path workDirectory,
    long maxOutputChars,
    List<Path> kernelFolders,
    boolean endsByReturning,
    Optional<Map<String, String>> spark) {

  private static final Logger log = LoggerFactory.getLogger(DriverSettings.class);

  /** The variable of the environment that may have the settings, as a Base64 text. */
  static final String VARIABLE = "SPARK_POLYBIUS_DRIVER";

  /**
   * Reads a file, and deletes it and that of the keys.
   *
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if something is missing from it
   */
  static DriverSettings take(Path file) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    DriverSettings settings = of(properties);
    delete(file);
    String keys = properties.getProperty("key-store");
    if (keys != null) {
      delete(Path.of(keys));
    }
    return settings;
  }

  /** A cluster may have put the file where only its own user can remove it. */
  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      log.debug("{} cannot be deleted: {}", file, e.toString());
    }
  }

  /**
   * Reads what the variable {@value #VARIABLE} has.
   *
   * @throws IllegalArgumentException if that is no such text, or something is missing from it
   */
  static DriverSettings ofText(String text) throws IOException {
    Properties properties = new Properties();
    properties.load(new ByteArrayInputStream(Base64.getDecoder().decode(text)));
    return of(properties);
  }

  private static DriverSettings of(Properties properties) throws IOException {
    int port = Integer.parseInt(required(properties, "server.port"));
    return new DriverSettings(
        required(properties, "driver"),
        required(properties, "secret"),
        Stream.of(required(properties, "server.hosts").split(","))
            .map(host -> InetSocketAddress.createUnresolved(host, port))
            .toList(),
        keyStore(properties),
        required(properties, "key-store.password"),
        Duration.ofMillis(Long.parseLong(required(properties, "server.patience-millis"))),
        Path.of(required(properties, "work-directory")).toAbsolutePath(),
        Long.parseLong(required(properties, "output.max-chars")),
        Stream.of(required(properties, "jupyter-kernels").split(File.pathSeparator, -1))
            .filter(folder -> !folder.isEmpty())
            .map(Path::of)
            .toList(),
        Boolean.parseBoolean(properties.getProperty("ends-by-returning")),
        spark(properties));
  }

  private static byte[] keyStore(Properties properties) throws IOException {
    String text = properties.getProperty("key-store.content");
    return text != null
        ? Base64.getDecoder().decode(text)
        : Files.readAllBytes(Path.of(required(properties, "key-store")));
  }

  /** Spark's settings are here, or come later, or spark-submit has made them the process's own. */
  private static Optional<Map<String, String>> spark(Properties properties) {
    String where = required(properties, "spark");
    if (where.equals("later")) {
      return Optional.empty();
    }
    Properties source = where.equals("submitted") ? System.getProperties() : properties;
    Map<String, String> spark = new TreeMap<>();
    for (String name : source.stringPropertyNames()) {
      if (name.startsWith("spark.")) {
        spark.put(name, source.getProperty(name));
      }
    }
    return Optional.of(Map.copyOf(spark));
  }

  /** Keeps secrets out of logs. */
  @Override
  public String toString() {
    return "DriverSettings[driver=" + driver + ", servers=" + servers + "]";
  }

  private static String required(Properties properties, String name) {
    String value = properties.getProperty(name);
    if (value == null) {
      throw new IllegalArgumentException("the driver's settings lack " + name);
    }
    return value;
  }
}
