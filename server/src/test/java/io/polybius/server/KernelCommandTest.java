package io.polybius.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.kernel.relay.RelayOptions;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class KernelCommandTest {

  @Test
  void readsWhatAKernelspecPasses() throws Exception {
    assertThat(
            KernelCommand.parse(
                List.of(
                    "--server",
                    "https://spark.example",
                    "--kind",
                    "spark",
                    "-f",
                    "/run/k.json",
                    "--session",
                    "team",
                    "--patience",
                    "5")))
        .isEqualTo(
            new RelayOptions(
                URI.create("https://spark.example"),
                Path.of("/run/k.json"),
                "spark",
                Optional.of("team"),
                Optional.empty(),
                Duration.ofSeconds(5)));
  }

  @Test
  void onlyTheFileIsNeeded() throws Exception {
    assertThat(KernelCommand.parse(List.of("-f", "k.json")))
        .isEqualTo(
            new RelayOptions(
                URI.create("http://127.0.0.1:8998"),
                Path.of("k.json"),
                "spark",
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(60)));
    assertThat(KernelCommand.parse(List.of("-f", "k.json", "--profile", "large")).profile())
        .contains("large");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-f",
        "-f k.json --server",
        "-f k.json --session 1 --profile large",
        "-f k.json --nothing x",
        "k.json",
        "-h",
        "-f k.json --patience long",
        "-f k.json --patience -1"
      })
  void saysHowItIsUsed(String arguments) {
    List<String> words = arguments.isEmpty() ? List.of() : Arrays.asList(arguments.split(" ", -1));

    assertThatThrownBy(() -> KernelCommand.parse(words))
        .isInstanceOf(CommandException.class)
        .hasMessageEndingWith(KernelCommand.USAGE);
  }

  @Test
  void anAddressThatIsNoneIsRefused() {
    assertThatThrownBy(() -> KernelCommand.parse(List.of("-f", "k.json", "--server", "a b")))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("a b");
  }
}
