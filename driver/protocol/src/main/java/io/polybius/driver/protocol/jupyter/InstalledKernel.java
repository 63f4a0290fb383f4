package io.polybius.driver.protocol.jupyter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A kernel that Jupyter could start on this machine, as its {@code kernel.json} describes it.
 *
 * @param name the name of its folder, in lower case
 * @param folder where its {@code kernel.json} is
 * @param arguments the command that starts it, with {@code {connection_file}} and {@code
 *     {resource_dir}} for what is only known then
 * @param environment variables for its process, which may name others as <code>${NAME}</code>
 * @param displayName its name for people
 * @param language its language, for programs
 * @param isInterruptedByMessage whether it is interrupted by a message instead of a signal
 */
public record InstalledKernel(
    String name,
    Path folder,
    List<String> arguments,
    Map<String, String> environment,
    String displayName,
    String language,
    boolean isInterruptedByMessage) {

  private static final Logger log = LoggerFactory.getLogger(InstalledKernel.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DESCRIPTION = "kernel.json";

  /** What Jupyter allows as a name. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");

  /** The mark of this program's own kernels, which must not run each other. */
  private static final String OWN = "polybius";

  /** Copies the lists. */
  public InstalledKernel {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
  }

  /**
   * Returns the kernels whose folders are in any of these; of several with one name, the first.
   *
   * @param folders as Jupyter looks into them: each ends in {@code kernels}
   * @return by name
   */
  public static List<InstalledKernel> in(List<Path> folders) {
    Map<String, InstalledKernel> found = new TreeMap<>();
    for (Path folder : folders) {
      if (Files.isDirectory(folder)) {
        try (Stream<Path> entries = Files.list(folder)) {
          entries
              .flatMap(entry -> read(entry).stream())
              .forEach(kernel -> found.putIfAbsent(kernel.name(), kernel));
        } catch (IOException e) {
          log.info("{} cannot be looked into: {}", folder, e.toString());
        }
      }
    }
    return List.copyOf(found.values());
  }

  private static Optional<InstalledKernel> read(Path folder) {
    String name = folder.getFileName().toString();
    Path file = folder.resolve(DESCRIPTION);
    if (!NAME.matcher(name).matches() || !Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      return of(name, folder, JSON.readTree(file.toFile()));
    } catch (IOException e) {
      log.info("{} cannot be read: {}", file, e.toString());
      return Optional.empty();
    }
  }

  private static Optional<InstalledKernel> of(String name, Path folder, JsonNode description) {
    if (description.path("argv").isEmpty() || description.path("metadata").has(OWN)) {
      return Optional.empty();
    }
    List<String> arguments = new ArrayList<>();
    description.path("argv").forEach(argument -> arguments.add(argument.asText()));
    Map<String, String> environment = new LinkedHashMap<>();
    description
        .path("env")
        .fields()
        .forEachRemaining(
            variable -> environment.put(variable.getKey(), variable.getValue().asText()));
    return Optional.of(
        new InstalledKernel(
            name.toLowerCase(Locale.ROOT),
            folder,
            arguments,
            environment,
            description.path("display_name").asText(name),
            description.path("language").asText(name),
            description.path("interrupt_mode").asText().equals("message")));
  }
}
