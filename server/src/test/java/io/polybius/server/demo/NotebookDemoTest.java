package io.polybius.server.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.kernel.http.KernelGateway;
import io.polybius.kernel.http.KernelGatewaySettings;
import io.polybius.rest.RestFacade;
import io.polybius.rest.RestSettings;
import io.polybius.rest.VersionInfo;
import io.polybius.server.client.ServerClient;
import io.polybius.server.http.HttpServer;
import io.polybius.server.http.Listener;
import io.polybius.session.BatchService;
import io.polybius.session.CoreSettings;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.testing.ScriptedBatches;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedLauncher;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the demonstration on both doors and the real session core, with a driver in memory. */
@Timeout(30)
class NotebookDemoTest {

  @TempDir Path folder;
  private final StringWriter shown = new StringWriter();

  @Test
  void showsTextCodeAndOutputsAndThenTheSessionThroughRest() throws Exception {
    notebook("1.ipynb", "# Welcome", "print one\nvalue 42");
    notebook("2.ipynb", "Second", "print two");

    assertThat(demonstrate(ScriptedLauncher.ready(ScriptedDriver.Script.TINY))).isTrue();

    assertThat(shown.toString())
        .containsSubsequence(
            "POST /sessions -> /sessions/0, ",
            "POST /sessions/0/kernel -> ",
            "== 1.ipynb",
            "# Welcome",
            "> print one\n. value 42\n",
            "one\n",
            "42\n",
            "== 2.ipynb",
            "> print two\ntwo\n",
            "GET /sessions/0/statements -> 3 statements",
            "  0  available  text/plain",
            "DELETE /sessions/0")
        .doesNotContain("\u001b");
  }

  @Test
  void aCellThatFailsEndsItAsNotGood() throws Exception {
    notebook("1.ipynb", "text", "fail boom");
    notebook("2.ipynb", "text", "print never");

    assertThat(demonstrate(ScriptedLauncher.ready(ScriptedDriver.Script.TINY))).isFalse();

    assertThat(shown.toString())
        .contains("boom", "This cell failed.", "DELETE /sessions/0")
        .doesNotContain("never");
  }

  @Test
  void aDriverThatDoesNotStartShowsTheSessionsLog() throws Exception {
    notebook("1.ipynb", "text", "print never");
    ScriptedLauncher launcher = ScriptedLauncher.ready(ScriptedDriver.Script.TINY);
    launcher.failWith("No Spark was found.");

    assertThat(demonstrate(launcher)).isFalse();

    assertThat(shown.toString()).contains("The session is dead.", "No Spark was found.");
  }

  @Test
  void runsOnlyTheNotebooksThatAreNamed() throws Exception {
    notebook("1.ipynb", "text", "print never");
    notebook("2.ipynb", "text", "print two");

    assertThat(demonstrate(ScriptedLauncher.ready(ScriptedDriver.Script.TINY), "2.ipynb")).isTrue();

    assertThat(shown.toString()).contains("two\n").doesNotContain("never");
  }

  @Test
  void aNotebookThatIsNotThereIsNamed() throws Exception {
    notebook("1.ipynb", "text", "print never");

    assertThatThrownBy(
            () -> demonstrate(ScriptedLauncher.ready(ScriptedDriver.Script.TINY), "2.ipynb"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("2.ipynb");
  }

  @Test
  void colouredTextEndsWithItsLine() {
    Screen screen = new Screen(new PrintWriter(shown), true);

    screen.stream("no end");
    screen.error("red\nred too");

    assertThat(shown).hasToString("no end\n\u001b[31mred\u001b[0m\n\u001b[31mred too\u001b[0m\n");
  }

  private boolean demonstrate(ScriptedLauncher launcher, String... names)
      throws IOException, InterruptedException {
    Path files = Files.createDirectory(folder.resolve("kernels"));
    try (SessionService sessions =
            new SessionService(
                launcher, CoreSettings.of(SessionLimits.DEFAULT), Clock.systemUTC());
        BatchService batches =
            new BatchService(
                new ScriptedBatches(), CoreSettings.of(SessionLimits.DEFAULT), Clock.systemUTC());
        KernelGateway jupyter =
            new KernelGateway(
                sessions,
                new KernelGatewaySettings(
                    "test",
                    files,
                    Duration.ofSeconds(1),
                    KernelGatewaySettings.Culling.NEVER,
                    Optional.empty(),
                    true,
                    List.of()));
        HttpServer http =
            new HttpServer(
                Listener.on(InetAddress.getLoopbackAddress(), 0, 1 << 20),
                Optional.empty(),
                Optional.empty(),
                jupyter.handler(
                    new RestFacade(
                            sessions,
                            batches,
                            new RestSettings(
                                new VersionInfo("0.9.0", "", "", "", "", ""),
                                false,
                                1 << 20,
                                Map.of()))
                        .handler()))) {
      return new NotebookDemo(
              new ServerClient(http.uri()),
              folder,
              List.of(names),
              new Screen(new PrintWriter(shown), false))
          .run();
    }
  }

  private void notebook(String name, String text, String code) throws IOException {
    Files.writeString(
        folder.resolve(name),
        """
        {"nbformat": 4, "metadata": {"kernelspec": {"language": "scala"}}, "cells": [
          {"cell_type": "markdown", "source": "%s"},
          {"cell_type": "code", "source": "%s"}]}
        """
            .formatted(text, code.replace("\n", "\\n")));
  }
}
