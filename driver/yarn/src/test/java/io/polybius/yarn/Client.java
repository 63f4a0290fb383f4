package io.polybius.yarn;

import io.polybius.launch.cluster.IsolatedYarn;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes clients as the server makes them, with the Hadoop of the embedded Spark. */
final class Client {

  static final Duration PATIENCE = Duration.ofSeconds(4);

  private Client() {}

  /**
   * Makes a client.
   *
   * @param configuration the folder for Hadoop's settings, which is filled
   * @param port of the ResourceManager
   * @param published the folder for published files
   */
  static IsolatedYarn open(Path configuration, int port, Path published) throws IOException {
    Files.writeString(
        configuration.resolve("yarn-site.xml"),
        property("yarn.resourcemanager.address", "127.0.0.1:" + port));
    Files.writeString(configuration.resolve("core-site.xml"), property("fs.defaultFS", "file:///"));
    return IsolatedYarn.open(
        new IsolatedYarn.Settings(
            classesOfThisModule(),
            sparkJars(),
            Map.of("HADOOP_CONF_DIR", configuration.toString()),
            Optional.of(URI.create(published.toUri().toString())),
            PATIENCE));
  }

  private static String property(String name, String value) {
    return "<configuration><property><name>%s</name><value>%s</value></property></configuration>"
        .formatted(name, value);
  }

  private static List<Path> sparkJars() throws IOException {
    Path folder =
        Path.of(System.getProperty("polybius.home"), "target", "polybius", "lib", "spark");
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  private static Path classesOfThisModule() {
    try {
      return Path.of(
          YarnClusterManager.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
