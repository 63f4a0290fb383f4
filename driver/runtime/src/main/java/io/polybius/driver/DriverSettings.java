package io.polybius.driver;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the server tells a driver at its start, in a file that only the driver's user can read. The
 * names of the properties are those that {@code io.polybius.launch.LocalLauncher} writes.
 *
 * @param driver the name in the driver's certificate
 * @param secret the one-time secret for the first greeting
 * @param server where the server listens for drivers
 * @param keyStore a PKCS#12 file with the driver's key and the server's certificate
 * @param keyStorePassword opens it
 * @param serverPatience how long to go on without the server
 * @param workDirectory the driver's own directory, which goes away with the driver
 * @param maxOutputChars how much printed text of one statement is passed on
 * @param kernelFolders where the descriptions of Jupyter kernels are
 * @param spark Spark settings; empty in a driver that is started ahead of its session, and gets
 *     them later
 */
record DriverSettings(
    String driver,
    String secret,
    InetSocketAddress server,
    Path keyStore,
    String keyStorePassword,
    Duration serverPatience,
    Path workDirectory,
    long maxOutputChars,
    List<Path> kernelFolders,
    Optional<Map<String, String>> spark) {

  /**
   * Reads the file.
   *
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if something is missing from it
   */
  static DriverSettings read(Path file) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    Map<String, String> spark = new TreeMap<>();
    for (String name : properties.stringPropertyNames()) {
      if (name.startsWith("spark.")) {
        spark.put(name, properties.getProperty(name));
      }
    }
    return new DriverSettings(
        required(properties, "driver"),
        required(properties, "secret"),
        InetSocketAddress.createUnresolved(
            required(properties, "server.host"),
            Integer.parseInt(required(properties, "server.port"))),
        Path.of(required(properties, "key-store")),
        required(properties, "key-store.password"),
        Duration.ofMillis(Long.parseLong(required(properties, "server.patience-millis"))),
        Path.of(required(properties, "work-directory")),
        Long.parseLong(required(properties, "output.max-chars")),
        Stream.of(required(properties, "jupyter-kernels").split(File.pathSeparator, -1))
            .filter(folder -> !folder.isEmpty())
            .map(Path::of)
            .toList(),
        Boolean.parseBoolean(required(properties, "prespawned"))
            ? Optional.empty()
            : Optional.of(Map.copyOf(spark)));
  }

  /** Keeps secrets out of logs. */
  @Override
  public String toString() {
    return "DriverSettings[driver=" + driver + ", server=" + server + "]";
  }

  private static String required(Properties properties, String name) {
    String value = properties.getProperty(name);
    if (value == null) {
      throw new IllegalArgumentException("the driver's settings lack " + name);
    }
    return value;
  }
}
