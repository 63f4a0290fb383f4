package io.polybius.server.kernelspec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.KernelSpec;
import io.polybius.launch.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Puts kernelspecs where Jupyter finds them, and finds and removes those that it has put there.
 * Needs no Python.
 */
public final class KernelspecInstaller {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
  private static final String DESCRIPTION = "kernel.json";

  /** Marks our kernelspecs in their metadata. */
  private static final String MARK = "polybius";

  private final Path script;

  /**
   * What to install.
   *
   * @param spec the language, and the launch profile
   * @param name the name by which notebooks refer to it
   * @param aliases other names by which notebooks may refer to it
   * @param server the server that its kernels run on
   * @param session a running session that its kernels attach to, instead of each opening its own
   * @param tokenFile where its kernels find the server's access token
   */
  public record Request(
      KernelSpec spec,
      String name,
      List<String> aliases,
      URI server,
      Optional<String> session,
      Optional<Path> tokenFile) {

    /** Copies the aliases. */
    public Request {
      aliases = List.copyOf(aliases);
    }
  }

  /**
   * A kernelspec of ours.
   *
   * @param name the name by which notebooks refer to it
   * @param folder where it is
   * @param server the server that its kernels run on
   * @param session the session there that they are attached to, instead of having their own
   * @param profile the launch profile of their sessions
   */
  public record Installed(
      String name,
      Path folder,
      String server,
      Optional<String> session,
      Optional<String> profile) {}

  /**
   * Makes an installer.
   *
   * @param script the program that a kernelspec starts
   */
  public KernelspecInstaller(Path script) {
    this.script = script.toAbsolutePath();
  }

  /**
   * Installs a kernelspec by each of its names, in place of those of ours with these names.
   *
   * @param kernels a folder in which Jupyter looks for kernelspecs; made if it is missing
   * @return the folders, that of the name itself first
   * @throws IOException if they cannot be written, or another program's has one of the names; the
   *     message is for the user
   */
  public List<Path> install(Path kernels, Request request) throws IOException {
    List<Path> targets = new ArrayList<>();
    targets.add(target(kernels, request.name()));
    for (String alias : request.aliases()) {
      targets.add(target(kernels, alias));
    }
    Files.createDirectories(kernels);
    for (Path target : targets) {
      Path fresh = Files.createTempDirectory(kernels, ".polybius");
      try {
        fill(fresh, request, target.equals(targets.get(0)) ? "" : ", as " + target.getFileName());
        FileTree.delete(target);
        Files.move(fresh, target);
      } finally {
        FileTree.delete(fresh);
      }
    }
    return targets;
  }

  private static Path target(Path kernels, String name) throws IOException {
    if (!NAME.matcher(name).matches()) {
      throw new IOException(
          "'" + name + "' cannot be a kernelspec's name: use letters, digits, . _ and -");
    }
    // Jupyter knows kernelspecs by their names in lower case.
    Path target = kernels.resolve(name.toLowerCase(Locale.ROOT));
    if (Files.exists(target) && read(target).isEmpty()) {
      throw new IOException(
          target + " is a kernelspec of another program; remove it, or choose another name");
    }
    return target;
  }

  /** Returns our kernelspecs in those folders, in their order and then by name. */
  public List<Installed> installed(List<Path> folders) throws IOException {
    try {
      return folders.stream().flatMap(KernelspecInstaller::in).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Removes our kernelspecs of a name.
   *
   * @return the folders that are gone
   */
  public List<Path> remove(List<Path> folders, String name) throws IOException {
    List<Path> doomed =
        installed(folders).stream()
            .filter(kernelspec -> kernelspec.name().equalsIgnoreCase(name))
            .map(Installed::folder)
            .toList();
    for (Path folder : doomed) {
      FileTree.delete(folder);
    }
    return doomed;
  }

  private void fill(Path folder, Request request, String suffix) throws IOException {
    for (String file : request.spec().files()) {
      Files.write(folder.resolve(file), request.spec().file(file).orElseThrow());
    }
    JSON.writerWithDefaultPrettyPrinter()
        .writeValue(folder.resolve(DESCRIPTION).toFile(), description(request, suffix));
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      // As any folder that is made the usual way; a temporary one is made for its owner only.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private ObjectNode description(Request request, String suffix) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                script.toString(),
                "kernel",
                "--server",
                request.server().toString(),
                "--kind",
                request.spec().kind().canonicalName(),
                "-f",
                "{connection_file}"));
    request.session().ifPresent(session -> arguments.addAll(List.of("--session", session)));
    request.spec().profile().ifPresent(name -> arguments.addAll(List.of("--profile", name)));
    ObjectNode description = request.spec().description(arguments);
    description.put(
        "display_name",
        request.spec().displayName()
            + request.session().map(session -> ", session " + session).orElse("")
            + suffix);
    request
        .tokenFile()
        .ifPresent(
            file ->
                description
                    .withObject("/env")
                    .put("POLYBIUS_TOKEN_FILE", file.toAbsolutePath().toString()));
    ObjectNode mark = description.withObject("/metadata/" + MARK);
    mark.put("server", request.server().toString());
    request.session().ifPresent(session -> mark.put("session", session));
    request.spec().profile().ifPresent(name -> mark.put("profile", name));
    // The relay's sockets can be; Jupyter asks for it in the connection file, if it is told to.
    description.withObject("/metadata").putArray("supported_encryption").add("curve");
    return description;
  }

  private static Stream<Installed> in(Path kernels) {
    if (!Files.isDirectory(kernels)) {
      return Stream.empty();
    }
    try (Stream<Path> folders = Files.list(kernels)) {
      return folders
          .sorted()
          .map(KernelspecInstaller::read)
          .flatMap(Optional::stream)
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a kernelspec, if it is one of ours. */
  private static Optional<Installed> read(Path folder) {
    try {
      JsonNode mark =
          JSON.readTree(folder.resolve(DESCRIPTION).toFile()).path("metadata").path(MARK);
      return mark.path("server").isTextual()
          ? Optional.of(
              new Installed(
                  folder.getFileName().toString(),
                  folder,
                  mark.path("server").asText(),
                  Optional.ofNullable(mark.path("session").textValue()),
                  Optional.ofNullable(mark.path("profile").textValue())))
          : Optional.empty();
    } catch (IOException e) {
      // No description, or none that anybody could read: somebody else's affair.
      return Optional.empty();
    }
  }
}
