package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many kernels at a time, on sessions whose drivers follow a script; nothing of them is left. */
@Timeout(600)
class ManyKernelsIT {

  private static final int KERNELS = 50;

  @TempDir private Path folder;
  private Path programs;
  private ScriptedServer server;
  private List<String> threads;

  @BeforeEach
  void startServer() throws Exception {
    programs = PythonEnvironment.CLIENTS.programs();
    server = new ScriptedServer();
    threads = kernelThreads();
  }

  @AfterEach
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void kernelspecsLeaveNothingBehind() throws Exception {
    Map<String, String> environment = environment();
    JupyterTools.installKernelspec(server.uri(), environment);
    openAndClose(environment);
    assertThat(relaysOf(server.uri())).isEmpty();
  }

  @Test
  void theGatewayLeavesNothingBehind() throws Exception {
    Map<String, String> environment = environment();
    environment.put("JUPYTER_GATEWAY_URL", server.uri().toString());
    openAndClose(environment);
  }

  @Test
  void connectionFilesOfSessionsLeaveNothingBehind() throws Exception {
    RestClient rest = server.rest();
    for (int i = 0; i < KERNELS; i++) {
      int session = rest.openSession();
      Path file =
          Path.of(
              rest.call("POST", "/sessions/" + session + "/kernel", null)
                  .get("connection_file")
                  .asText());
      assertThat(file).isRegularFile();
      rest.call("DELETE", "/sessions/" + session, null);
    }
    awaitNothing();
  }

  private void openAndClose(Map<String, String> environment) throws Exception {
    Commands.Result run =
        Commands.run(
            Duration.ofMinutes(5),
            folder,
            environment,
            List.of(
                programs.resolve("python").toString(),
                JupyterTools.SCRIPTS.resolve("many_kernels.py").toString(),
                String.valueOf(KERNELS)));
    assertThat(run.exitCode()).as(run.output()).isZero();
    assertThat(run.output()).contains("closed " + KERNELS);
    awaitNothing();
  }

  private void awaitNothing() {
    await()
        .atMost(60, TimeUnit.SECONDS)
        .untilAsserted(
            () -> {
              assertThat(server.rest().call("GET", "/sessions", null).get("total").asInt())
                  .isZero();
              assertThat(server.rest().call("GET", "/api/kernels", null)).isEmpty();
              assertThat(files()).isEmpty();
              assertThat(kernelThreads()).isEqualTo(threads);
            });
  }

  private List<Path> files() throws Exception {
    try (Stream<Path> files = Files.list(server.runtimeDirectory())) {
      return files.toList();
    }
  }

  /** Returns the names of the threads that kernels have for themselves. */
  private static List<String> kernelThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.matches("(kernel-(sockets|heartbeat)|iothread|reaper).*"))
        .sorted()
        .toList();
  }

  private static Stream<ProcessHandle> relaysOf(URI server) {
    return ProcessHandle.allProcesses()
        .filter(process -> Commands.commandLine(process).contains(server.toString()));
  }

  private Map<String, String> environment() {
    return new HashMap<>(RunningServer.clientEnvironment(folder.resolve("data")));
  }
}
