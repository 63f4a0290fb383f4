package io.polybius.server.config;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * Where settings come from.
 *
 * @param home the installation's folder, for its {@code conf}
 * @param systemProperties those of the JVM, of which only Livy's settings count
 * @param environment the environment variables
 * @param commandLine keys and values of the command line
 */
public record Sources(
    Path home,
    Map<String, String> systemProperties,
    Map<String, String> environment,
    Map<String, String> commandLine) {

  /** Returns the sources of this process, with that command line. */
  public static Sources ofThisProcess(Path home, Map<String, String> commandLine) {
    Properties properties = System.getProperties();
    return new Sources(
        home,
        properties.stringPropertyNames().stream()
            .collect(Collectors.toMap(name -> name, properties::getProperty)),
        System.getenv(),
        commandLine);
  }

  /** Returns the installation's folder of settings. */
  Path folder() {
    return home.resolve("conf");
  }

  /** Returns the folder of Livy's files. */
  Path livyFolder() {
    return variable("LIVY_CONF_DIR").map(Path::of).orElse(folder());
  }

  /** Returns an environment variable that is not blank. */
  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
  }
}
