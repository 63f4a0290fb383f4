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

/** Sparkmagic, the notebook client of Livy, on the REST door. */
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SparkmagicIT {

  @TempDir private static Path folder;
  private Path python;
  private RunningServer server;
  private Map<String, String> environment;

  @BeforeAll
  void startServer() throws Exception {
    python = PythonEnvironment.CLIENTS.programs().resolve("python");
    server = RunningServer.start();
    environment = new HashMap<>(RunningServer.clientEnvironment(folder.resolve("data")));
    environment.put("SPARKMAGIC_CONF_DIR", folder.resolve("sparkmagic").toString());
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void sparkmagicsKernelsRunTheirNotebooks() throws Exception {
    run("KernelTest");
  }

  @Test
  void sparkmagicsMagicsRunInPythonNotebooks() throws Exception {
    run("MagicsTest");
  }

  private void run(String test) throws Exception {
    Commands.Result tested =
        Commands.run(
            Duration.ofMinutes(12),
            folder,
            environment,
            List.of(
                python.toString(),
                JupyterTools.SCRIPTS.resolve("test_sparkmagic.py").toString(),
                server.uri().toString(),
                test));
    assertThat(tested.exitCode()).as(tested.output()).isZero();
    assertThat(tested.output()).contains("OK");
    assertThat(server.rest().call("GET", "/sessions", null).get("total").asInt()).isZero();
    await().atMost(60, TimeUnit.SECONDS).until(() -> server.drivers().isEmpty());
  }
}
