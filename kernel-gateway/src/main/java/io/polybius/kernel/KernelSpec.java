package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.session.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What Jupyter has to know of one language, possibly with a launch profile, before a kernel runs.
 *
 * @param kind the language
 * @param name the name of its kernelspec, in lower case
 * @param displayName its name for people
 * @param language its name for programs: exporters and papermill compare it letter by letter
 * @param folder where its logos are, in {@code kernelspecs} of the source tree
 * @param aliases names of other programs' kernelspecs that notebooks have stored, in lower case
 * @param profile the name of the launch profile of its sessions
 */
public record KernelSpec(
    Kind kind,
    String name,
    String displayName,
    String language,
    String folder,
    List<String> aliases,
    Optional<String> profile) {

  private static final String JUPYTER = KernelSpecs.PREFIX + "jupyter-";

  /** What stands behind a language where there is no profile. */
  private static final String PLAIN_TITLE = " (Polybius)";

  private static final List<String> LOGOS =
      List.of("logo-svg.svg", "logo-64x64.png", "logo-32x32.png");

  /** Copies the list. */
  public KernelSpec {
    aliases = List.copyOf(aliases);
  }

  /** Returns the one for statements that an installed Jupyter kernel runs. */
  public static KernelSpec of(InstalledKernel kernel) {
    return new KernelSpec(
        Kind.ofJupyterKernel(kernel.name()).orElseThrow(),
        JUPYTER + kernel.name(),
        kernel.displayName() + " on Polybius",
        kernel.language(),
        "jupyter",
        List.of(),
        Optional.empty());
  }

  /** Returns the one of that language of Spark. */
  static KernelSpec of(
      Kind kind, String name, String displayName, String language, List<String> aliases) {
    return new KernelSpec(
        kind,
        KernelSpecs.PREFIX + name,
        displayName + PLAIN_TITLE,
        language,
        name,
        aliases,
        Optional.empty());
  }

  /**
   * Returns this one for sessions with a launch profile.
   *
   * @param profileName the profile's name
   * @param title its name for people
   */
  public KernelSpec withProfile(String profileName, String title) {
    String plainName =
        displayName.endsWith(PLAIN_TITLE)
            ? displayName.substring(0, displayName.length() - PLAIN_TITLE.length())
            : displayName;
    return new KernelSpec(
        kind,
        name + suffix(profileName),
        plainName + " (" + title + ")",
        language,
        folder,
        aliases,
        Optional.of(profileName));
  }

  private static String suffix(String profileName) {
    return "-" + profileName.toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the content of its {@code kernel.json}.
   *
   * @param argv the command that starts a kernel; nothing where that is not up to the client
   */
  public ObjectNode description(List<String> argv) {
    ObjectNode description = JupyterJson.object();
    ArrayNode arguments = description.putArray("argv");
    argv.forEach(arguments::add);
    description
        .put("display_name", displayName)
        .put("language", language)
        .put("interrupt_mode", "message")
        .put("kernel_protocol_version", Header.PROTOCOL_VERSION);
    description.putObject("env");
    description.putObject("metadata");
    return description;
  }

  /** Returns the names of the files that belong to it beside its description. */
  public List<String> files() {
    return LOGOS.stream().filter(file -> KernelSpec.class.getResource(path(file)) != null).toList();
  }

  /** Returns the content of one of its {@link #files}. */
  public Optional<byte[]> file(String file) {
    if (!LOGOS.contains(file)) {
      return Optional.empty();
    }
    try (InputStream content = KernelSpec.class.getResourceAsStream(path(file))) {
      return content == null ? Optional.empty() : Optional.of(content.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String path(String file) {
    return "kernelspecs/" + folder + "/" + file;
  }

  boolean isCalled(String anyName) {
    String lowerCase = anyName.toLowerCase(Locale.ROOT);
    if (profile.isEmpty()) {
      return isNameOfLanguage(lowerCase) || name.equals(lowerCase);
    }
    String suffix = suffix(profile.get());
    return lowerCase.endsWith(suffix)
        && (name.equals(lowerCase)
            || isNameOfLanguage(lowerCase.substring(0, lowerCase.length() - suffix.length())));
  }

  private boolean isNameOfLanguage(String lowerCase) {
    String kindName =
        lowerCase.startsWith(KernelSpecs.PREFIX)
            ? lowerCase.substring(KernelSpecs.PREFIX.length())
            : lowerCase;
    return aliases.contains(lowerCase) || Kind.find(kindName).filter(kind::equals).isPresent();
  }
}
