package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** JupyterLab in a browser, as a user sees it. Its pictures are in {@code target/screenshots}. */
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JupyterLabIT {

  private static final Path SCREENSHOTS = Commands.HOME.resolve("tests/target/screenshots");

  @TempDir private static Path folder;
  private Path programs;
  private Path browser;
  private RunningServer server;

  @BeforeAll
  void startServer() throws Exception {
    programs = PythonEnvironment.CLIENTS.programs();
    browser = Browser.program();
    server = RunningServer.start();
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void labWorksWithTheKernelspec() throws Exception {
    Map<String, String> environment = environment("kernelspec");
    JupyterTools.installKernelspec(server.uri(), environment);
    useLab("kernelspec", environment);
  }

  @Test
  void labWorksThroughTheGateway() throws Exception {
    Map<String, String> environment = environment("gateway");
    environment.put("JUPYTER_GATEWAY_URL", server.uri().toString());
    useLab("gateway", environment);
  }

  private void useLab(String door, Map<String, String> environment) throws Exception {
    environment.put("POLYBIUS_TEST_CHROMIUM", browser.toString());
    environment.put("POLYBIUS_TEST_SERVER", server.uri().toString());
    environment.put("POLYBIUS_TEST_NOTEBOOKS", Commands.HOME.resolve("notebooks").toString());
    environment.put("POLYBIUS_TEST_SCREENSHOTS", SCREENSHOTS.resolve(door).toString());
    Commands.Result used =
        Commands.run(
            Duration.ofMinutes(12),
            folder,
            environment,
            List.of(
                programs.resolve("python").toString(),
                JupyterTools.SCRIPTS.resolve("test_lab.py").toString()));
    assertThat(used.exitCode()).as(used.output()).isZero();
    assertThat(used.output()).contains("OK");
    await()
        .atMost(90, TimeUnit.SECONDS)
        .until(
            () ->
                server.rest().call("GET", "/sessions", null).get("total").asInt() == 0
                    && server.drivers().isEmpty());
  }

  private Map<String, String> environment(String door) {
    Map<String, String> environment =
        new HashMap<>(RunningServer.clientEnvironment(folder.resolve(door)));
    environment.put("JUPYTERLAB_SETTINGS_DIR", folder.resolve(door + "/settings").toString());
    environment.put("JUPYTERLAB_WORKSPACES_DIR", folder.resolve(door + "/workspaces").toString());
    return environment;
  }
}
