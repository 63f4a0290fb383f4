package io.polybius.server.kernelspec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.kernel.KernelSpec;
import io.polybius.kernel.KernelSpecs;
import io.polybius.kernel.wire.Header;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class KernelspecInstallerTest {

  private static final KernelSpec SCALA = KernelSpecs.ALL.find("spark").orElseThrow();
  private static final URI SERVER = URI.create("http://127.0.0.1:8998");

  @TempDir Path kernels;

  private final KernelspecInstaller installer =
      new KernelspecInstaller(Path.of("/opt/polybius/bin/polybius"));

  @Test
  void writesWhatJupyterNeeds() throws Exception {
    Path folder = installer.install(kernels, request("polybius-scala")).get(0);

    assertThat(folder).isEqualTo(kernels.resolve("polybius-scala"));
    assertThat(folder)
        .isDirectoryContaining("glob:**/kernel.json")
        .isDirectoryContaining("glob:**/logo-32x32.png")
        .isDirectoryContaining("glob:**/logo-64x64.png")
        .isDirectoryContaining("glob:**/logo-svg.svg");
    JsonNode description = description(folder);
    assertThat(strings(description.get("argv")))
        .containsExactly(
            "/opt/polybius/bin/polybius",
            "kernel",
            "--server",
            "http://127.0.0.1:8998",
            "--kind",
            "spark",
            "-f",
            "{connection_file}");
    assertThat(description.get("display_name").asText()).isEqualTo("Spark Scala (Polybius)");
    assertThat(description.get("language").asText()).isEqualTo("scala");
    assertThat(description.get("interrupt_mode").asText()).isEqualTo("message");
    assertThat(description.get("kernel_protocol_version").asText())
        .isEqualTo(Header.PROTOCOL_VERSION);
    assertThat(description.get("env")).isEmpty();
    assertThat(strings(description.at("/metadata/supported_encryption"))).containsExactly("curve");
  }

  @Test
  void aliasesAreKernelspecsThatCanBeToldApart() throws Exception {
    List<Path> folders =
        installer.install(
            kernels,
            new KernelspecInstaller.Request(
                SCALA,
                "polybius-scala",
                SCALA.aliases(),
                SERVER,
                Optional.empty(),
                Optional.empty()));

    assertThat(folders)
        .containsExactly(
            kernels.resolve("polybius-scala"),
            kernels.resolve("sparkkernel"),
            kernels.resolve("apache_toree_scala"));
    assertThat(description(folders.get(0)).get("display_name").asText())
        .isEqualTo("Spark Scala (Polybius)");
    JsonNode alias = description(folders.get(1));
    assertThat(alias.get("display_name").asText())
        .isEqualTo("Spark Scala (Polybius), as sparkkernel");
    assertThat(alias.get("argv")).isEqualTo(description(folders.get(0)).get("argv"));
    assertThat(folders.get(1)).isDirectoryContaining("glob:**/logo-64x64.png");
  }

  @Test
  void aLaunchProfileIsPassedToItsKernels() throws Exception {
    KernelSpec large = SCALA.withProfile("large", "YARN, large");
    Path folder =
        installer
            .install(
                kernels,
                new KernelspecInstaller.Request(
                    large, large.name(), List.of(), SERVER, Optional.empty(), Optional.empty()))
            .get(0);

    assertThat(folder).isEqualTo(kernels.resolve("polybius-scala-large"));
    JsonNode description = description(folder);
    assertThat(description.get("display_name").asText()).isEqualTo("Spark Scala (YARN, large)");
    assertThat(strings(description.get("argv"))).containsSequence("--profile", "large");
    assertThat(installer.installed(List.of(kernels)))
        .extracting(KernelspecInstaller.Installed::profile)
        .containsExactly(Optional.of("large"));
  }

  @Test
  void nothingIsInstalledWhenAnotherProgramHasOneOfTheNames() throws Exception {
    Files.createDirectories(kernels.resolve("sparkkernel"));

    assertThatThrownBy(
            () ->
                installer.install(
                    kernels,
                    new KernelspecInstaller.Request(
                        SCALA,
                        "mine",
                        List.of("sparkkernel"),
                        SERVER,
                        Optional.empty(),
                        Optional.empty())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("sparkkernel is a kernelspec of another program");
    assertThat(kernels.resolve("mine")).doesNotExist();
  }

  @Test
  void logosHaveTheSizesOfTheirNames() throws Exception {
    Path folder = installer.install(kernels, request("polybius-scala")).get(0);

    for (int size : new int[] {32, 64}) {
      var image = ImageIO.read(folder.resolve("logo-%1$dx%1$d.png".formatted(size)).toFile());
      assertThat(image.getWidth()).isEqualTo(size);
      assertThat(image.getHeight()).isEqualTo(size);
    }
  }

  @Test
  void aSessionAndATokenFileAreHandedOn() throws Exception {
    Path folder =
        installer
            .install(
                kernels,
                new KernelspecInstaller.Request(
                    SCALA,
                    "shared",
                    List.of(),
                    SERVER,
                    Optional.of("team"),
                    Optional.of(Path.of("/secret/token"))))
            .get(0);

    JsonNode description = description(folder);
    assertThat(strings(description.get("argv"))).endsWith("--session", "team");
    assertThat(description.get("display_name").asText())
        .isEqualTo("Spark Scala (Polybius), session team");
    assertThat(description.at("/env/POLYBIUS_TOKEN_FILE").asText()).isEqualTo("/secret/token");
  }

  @Test
  void installingAgainReplaces() throws Exception {
    installer.install(kernels, request("one"));
    installer.install(
        kernels,
        new KernelspecInstaller.Request(
            SCALA,
            "one",
            List.of(),
            URI.create("http://other:1"),
            Optional.empty(),
            Optional.empty()));

    assertThat(installer.installed(List.of(kernels)))
        .singleElement()
        .extracting(KernelspecInstaller.Installed::server)
        .isEqualTo("http://other:1");
    assertThat(kernels).isDirectoryNotContaining(path -> path.toString().contains(".polybius"));
  }

  @Test
  void otherProgramsKernelspecsAreLeftAlone() throws Exception {
    Path python = Files.createDirectories(kernels.resolve("python3"));
    Files.writeString(python.resolve("kernel.json"), "{\"argv\": [\"python\"], \"metadata\": {}}");

    assertThatThrownBy(() -> installer.install(kernels, request("python3")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("another program");
    assertThat(installer.installed(List.of(kernels))).isEmpty();
    assertThat(installer.remove(List.of(kernels), "python3")).isEmpty();
    assertThat(python.resolve("kernel.json")).exists();
  }

  @Test
  void removesOurs() throws Exception {
    Path folder = installer.install(kernels, request("One")).get(0);
    installer.install(kernels, request("two"));

    assertThat(installer.remove(List.of(kernels, kernels.resolve("none")), "ONE"))
        .containsExactly(folder);
    assertThat(folder).doesNotExist();
    assertThat(installer.installed(List.of(kernels)))
        .extracting(KernelspecInstaller.Installed::name)
        .containsExactly("two");
  }

  @Test
  void badNamesAreRefused() {
    assertThatThrownBy(() -> installer.install(kernels, request("../evil")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot be a kernelspec's name");
  }

  @Test
  void foldersFollowJupytersRules() {
    Path home = Path.of("/home/ann");
    assertThat(new JupyterFolders(Map.of(), "Linux", home).user())
        .isEqualTo(Path.of("/home/ann/.local/share/jupyter/kernels"));
    assertThat(new JupyterFolders(Map.of("XDG_DATA_HOME", "/data"), "Linux", home).user())
        .isEqualTo(Path.of("/data/jupyter/kernels"));
    assertThat(new JupyterFolders(Map.of("JUPYTER_DATA_DIR", "/jup"), "Linux", home).user())
        .isEqualTo(Path.of("/jup/kernels"));
    assertThat(new JupyterFolders(Map.of(), "Mac OS X", home).user())
        .isEqualTo(Path.of("/home/ann/Library/Jupyter/kernels"));
    assertThat(
            new JupyterFolders(
                    Map.of("JUPYTER_PATH", "/first:/second", "VIRTUAL_ENV", "/active"),
                    "Linux",
                    home)
                .all(Optional.of(Path.of("/venv"))))
        .containsExactly(
            Path.of("/first/kernels"),
            Path.of("/second/kernels"),
            Path.of("/home/ann/.local/share/jupyter/kernels"),
            Path.of("/active/share/jupyter/kernels"),
            Path.of("/venv/share/jupyter/kernels"),
            Path.of("/usr/local/share/jupyter/kernels"),
            Path.of("/usr/share/jupyter/kernels"));
  }

  private static KernelspecInstaller.Request request(String name) {
    return new KernelspecInstaller.Request(
        SCALA, name, List.of(), SERVER, Optional.empty(), Optional.empty());
  }

  private static JsonNode description(Path folder) throws IOException {
    return new ObjectMapper().readTree(folder.resolve("kernel.json").toFile());
  }

  private static Stream<String> strings(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(node -> texts.add(node.asText()));
    return texts.stream();
  }
}
