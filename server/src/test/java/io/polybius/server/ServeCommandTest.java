package io.polybius.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the program as a process, as the launcher script does. */
@Timeout(60)
class ServeCommandTest {

  private static final Path HOME = Path.of(System.getProperty("polybius.home"));

  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();
  private Path state;

  @BeforeEach
  void makeState() throws IOException {
    state = Files.createDirectory(folder.resolve("state"));
  }

  @AfterEach
  void endProcesses() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void servesUntilASignalAndLeavesNothing() throws Exception {
    Process server = polybius("serve", "--port", "0");
    String ready = firstLine(server);
    assertThat(ready).matches("Polybius is ready at http://127\\.0\\.0\\.1:\\d+");
    URI uri = URI.create(ready.substring(ready.lastIndexOf(' ') + 1));
    assertThat(
            HttpClient.newHttpClient()
                .send(
                    HttpRequest.newBuilder(uri.resolve("/version"))
                        .timeout(Duration.ofSeconds(5))
                        .build(),
                    BodyHandlers.ofString())
                .statusCode())
        .isEqualTo(200);
    assertThat(state).isNotEmptyDirectory();

    Process second = polybius("serve", "--port", String.valueOf(uri.getPort()));
    assertThat(exitCode(second)).isEqualTo(1);
    assertThat(errors(second))
        .singleElement()
        .asString()
        .startsWith("polybius: Cannot listen on 127.0.0.1:" + uri.getPort());

    server.destroy();
    assertThat(server.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(state).isEmptyDirectory();
  }

  @Test
  void wrongSettingsAreToldWithoutAStackTrace() throws Exception {
    Process process = polybius("serve", "--port", "high", "--set", "livy.server.prot=1");

    assertThat(exitCode(process)).isEqualTo(1);
    assertThat(errors(process)).hasSize(3).first().isEqualTo("polybius: these settings are wrong:");
  }

  @Test
  void connectWithoutAServerSaysWhatToDo() throws Exception {
    Process process = polybius("connect", "0", "--server", "http://127.0.0.1:1");

    assertThat(exitCode(process)).isEqualTo(1);
    assertThat(errors(process))
        .containsExactly(
            "polybius: No server answers at http://127.0.0.1:1; start one with: polybius serve");

    Process nowhere = polybius("connect", "0", "--server", "nowhere");
    assertThat(exitCode(nowhere)).isEqualTo(1);
    assertThat(errors(nowhere))
        .containsExactly("polybius: nowhere is not the address of a server.");
  }

  @Test
  void kernelspecsAreInstalledListedAndRemoved() throws Exception {
    Process install = polybius("kernelspec", "install", "--server", "http://spark.example:1");
    assertThat(exitCode(install)).isZero();
    Path kernelspec = folder.resolve("data/kernels/polybius-scala");
    assertThat(output(install))
        .contains("Installed kernelspec polybius-scala in " + kernelspec)
        .hasSize(4);
    assertThat(folder.resolve("data/kernels/polybius-python/logo-svg.svg")).exists();
    assertThat(kernelspec.resolve("kernel.json")).content().contains(HOME + "/bin/polybius");

    Process list = polybius("kernelspec", "list");
    assertThat(exitCode(list)).isZero();
    assertThat(output(list)).contains("polybius-scala  http://spark.example:1  " + kernelspec);

    Process attached =
        polybius("kernelspec", "install", "--session", "team", "--token-file", "/none/token");
    assertThat(exitCode(attached)).isZero();
    assertThat(errors(attached)).anyMatch(line -> line.startsWith("/none/token cannot be read"));
    assertThat(output(polybius("kernelspec", "list")))
        .anyMatch(line -> line.contains("http://127.0.0.1:8998, session team"));

    Process profile =
        polybius(
            "kernelspec",
            "install",
            "--kind",
            "sql",
            "--profile",
            "Large",
            "--title",
            "YARN, large");
    assertThat(exitCode(profile)).isZero();
    assertThat(folder.resolve("data/kernels/polybius-sql-large/kernel.json"))
        .content()
        .contains("Spark SQL (YARN, large)", "\"--profile\"", "\"Large\"");
    assertThat(output(polybius("kernelspec", "list")))
        .anyMatch(line -> line.contains("http://127.0.0.1:8998, profile Large"));
    for (List<String> wrong :
        List.of(List.of("--session", "1", "--profile", "a"), List.of("--title", "a"))) {
      List<String> words = new ArrayList<>(List.of("kernelspec", "install"));
      words.addAll(wrong);
      assertThat(exitCode(polybius(words.toArray(new String[0])))).isEqualTo(2);
    }

    assertThat(exitCode(polybius("kernelspec", "remove", "polybius-scala"))).isZero();
    assertThat(kernelspec).doesNotExist();
    assertThat(exitCode(polybius("kernelspec", "remove", "polybius-scala"))).isEqualTo(1);
  }

  @Test
  void whatCannotBeOpenedIsNamedWithTheReason() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    Process server = polybius("serve", "--set", "polybius.server.state-dir=" + file);

    assertThat(exitCode(server)).isEqualTo(1);
    assertThat(errors(server)).anyMatch(line -> line.matches("polybius: .*file.*: [a-z].*"));
  }

  @Test
  void kernelCommandExplainsItself() throws Exception {
    Process help = polybius("kernel", "--help");

    assertThat(exitCode(help)).isZero();
    assertThat(output(help)).containsExactly("Usage: " + KernelCommand.USAGE);
  }

  private Process polybius(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Dpolybius.home=" + HOME));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(ServerMain.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("POLYBIUS_SERVER_STATE_DIR", state.toString());
    builder.environment().put("POLYBIUS_SERVER_CACHE_DIR", folder.resolve("cache").toString());
    builder.environment().put("LIVY_CONF_DIR", folder.toString());
    builder.environment().put("JUPYTER_DATA_DIR", folder.resolve("data").toString());
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private static String firstLine(Process process) throws IOException {
    BufferedReader reader = process.inputReader();
    return reader.readLine();
  }

  private static int exitCode(Process process) throws InterruptedException {
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  private static List<String> output(Process process) {
    return process.inputReader().lines().toList();
  }

  private static List<String> errors(Process process) {
    return process.errorReader().lines().toList();
  }
}
