package io.polybius.driver.protocol.jupyter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstalledKernelTest {

  @TempDir private Path folder;

  private void install(String place, String description) throws IOException {
    Path file = folder.resolve(place).resolve("kernel.json");
    Files.createDirectories(file.getParent());
    Files.writeString(file, description);
  }

  private List<InstalledKernel> found(String... places) {
    return InstalledKernel.in(List.of(places).stream().map(folder::resolve).toList());
  }

  @Test
  void descriptionIsReadWhole() throws Exception {
    install(
        "a/Bash",
        """
        {"argv": ["bash-kernel", "{connection_file}"], "display_name": "Bash", "language": "sh",
         "env": {"PS1": "$"}, "interrupt_mode": "message", "metadata": {"more": 1}}
        """);

    assertThat(found("a"))
        .containsExactly(
            new InstalledKernel(
                "bash",
                folder.resolve("a/Bash"),
                List.of("bash-kernel", "{connection_file}"),
                Map.of("PS1", "$"),
                "Bash",
                "sh",
                true));
  }

  @Test
  void whatIsNotSaidIsTakenFromTheName() throws Exception {
    install("a/ir", "{\"argv\": [\"R\"]}");

    InstalledKernel kernel = found("a").get(0);
    assertThat(kernel.displayName()).isEqualTo("ir");
    assertThat(kernel.language()).isEqualTo("ir");
    assertThat(kernel.isInterruptedByMessage()).isFalse();
  }

  @Test
  void firstFolderWins() throws Exception {
    install("a/same", "{\"argv\": [\"first\"]}");
    install("b/SAME", "{\"argv\": [\"second\"]}");
    install("b/other", "{\"argv\": [\"third\"]}");

    assertThat(found("a", "b", "missing"))
        .extracting(kernel -> kernel.arguments().get(0))
        .containsExactly("third", "first");
  }

  @Test
  void whatIsNoKernelAndWhatIsOursIsLeftOut() throws Exception {
    install("a/own", "{\"argv\": [\"x\"], \"metadata\": {\"polybius\": {}}}");
    install("a/broken", "{\"argv\": [");
    install("a/empty", "{}");
    install("a/odd name", "{\"argv\": [\"x\"]}");
    Files.createDirectories(folder.resolve("a/none"));

    assertThat(found("a")).isEmpty();
  }
}
