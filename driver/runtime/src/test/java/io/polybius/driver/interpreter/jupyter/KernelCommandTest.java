package io.polybius.driver.interpreter.jupyter;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCommandTest {

  private static final Path FILE = Path.of("/run/kernel-1.json");

  private static InstalledKernel kernel(
      Path folder, Map<String, String> environment, String... command) {
    return new InstalledKernel(
        "some", folder, List.of(command), environment, "Some", "some", false);
  }

  private static List<String> command(InstalledKernel kernel) {
    return new KernelCommand(kernel, Map.of()).builder(FILE).command();
  }

  @Test
  void placesAreFilledIn() {
    assertThat(
            command(
                kernel(
                    Path.of("/kernels/some"),
                    Map.of(),
                    "/bin/run",
                    "{resource_dir}/start",
                    "--file={connection_file}")))
        .containsExactly("/bin/run", "/kernels/some/start", "--file=/run/kernel-1.json");
  }

  @Test
  void pythonIsTheOneThatTheKernelBelongsTo(@TempDir Path prefix) throws Exception {
    Path folder = prefix.resolve("share/jupyter/kernels/some");
    Path python = Files.createDirectories(prefix.resolve("bin")).resolve("python");

    assertThat(command(kernel(folder, Map.of(), "python", "-m", "some")))
        .containsExactly("python", "-m", "some");
    Files.createFile(
        python, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    assertThat(command(kernel(folder, Map.of(), "python", "-m", "some")))
        .containsExactly(python.toString(), "-m", "some");
    assertThat(command(kernel(folder, Map.of(), "R", "-e", "some"))).startsWith("R");
  }

  @Test
  void variablesMayNameOthers() {
    Map<String, String> variables =
        new KernelCommand(
                kernel(
                    Path.of("/kernels/some"),
                    Map.of("A", "${HERE}/lib:$x", "B", "${NOBODY}"),
                    "/bin/run"),
                Map.of("HERE", "/here"))
            .builder(FILE)
            .environment();

    assertThat(variables).containsEntry("A", "/here/lib:$x").containsEntry("B", "${NOBODY}");
  }

  @Test
  void connectionFileIsTheOwnersAloneAndNamesFreePorts(@TempDir Path folder) throws Exception {
    ConnectionFile connection = ConnectionFile.onLoopback("some", "the key");
    Path file = connection.write(folder.resolve("jupyter"));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    JsonNode written = new ObjectMapper().readTree(file.toFile());
    assertThat(written.path("key").asText()).isEqualTo("the key");
    assertThat(written.path("signature_scheme").asText()).isEqualTo("hmac-sha256");
    assertThat(
            List.of("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port").stream()
                .map(port -> written.path(port).asInt()))
        .doesNotContain(0)
        .doesNotHaveDuplicates();
    assertThat(connection.toString()).doesNotContain("the key");
  }
}
