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
 * What Jupyter has to know of one language before a kernel runs.
 *
 * @param kind the language
 * @param name the name of its kernelspec, in lower case
 * @param displayName its name for people
 * @param language its name for programs: exporters and papermill compare it letter by letter
 * @param folder where its logos are, in {@code kernelspecs} of the source tree
 * @param aliases names of other programs' kernelspecs that notebooks have stored, in lower case
 */
public record KernelSpec(
    Kind kind,
    String name,
    String displayName,
    String language,
    String folder,
    List<String> aliases) {

  private static final String JUPYTER = KernelSpecs.PREFIX + "jupyter-";

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
        List.of());
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
    String kindName =
        lowerCase.startsWith(KernelSpecs.PREFIX)
            ? lowerCase.substring(KernelSpecs.PREFIX.length())
            : lowerCase;
    return name.equals(lowerCase)
        || aliases.contains(lowerCase)
        || Kind.find(kindName).filter(kind::equals).isPresent();
  }
}
