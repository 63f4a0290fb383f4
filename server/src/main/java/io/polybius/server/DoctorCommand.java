package io.polybius.server;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.protocol.RProgram;
import io.polybius.launch.SparkFinder;
import io.polybius.launch.SparkInstallation;
import io.polybius.server.client.ServerClient;
import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.kernelspec.JupyterFolders;
import io.polybius.server.kernelspec.KernelspecInstaller;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Tells what the server would find on this machine, and what is in its way. */
@Command(
    name = "doctor",
    description = "Show what the server finds on this machine, and what is in its way.")
final class DoctorCommand implements Callable<Integer> {

  private static final int JAVA_RELEASE = 17;

  @Mixin private ServerOptions options;
  @Spec private CommandSpec spec;
  private int problems;

  @Override
  public Integer call() throws CommandException, InterruptedException {
    Installation installation = Installation.ofThisProcess();
    java();
    driver(installation);
    ServerConfig config;
    try {
      config = options.load(installation);
    } catch (ConfigException e) {
      e.problems().forEach(problem -> bad("Settings", problem));
      return 1;
    }
    good("Settings", "no problem");
    sparks(ServerAssembly.sparks(config, installation, System.getenv()));
    Optional<Python> python = Python.find();
    python(python);
    r();
    kernelspecs(installation, python);
    port(config);
    say("");
    say(problems == 0 ? "Everything that the server needs is there." : "Problems: " + problems);
    return problems == 0 ? 0 : 1;
  }

  private void java() {
    Runtime.Version version = Runtime.version();
    String found = version + " in " + System.getProperty("java.home");
    if (version.feature() == JAVA_RELEASE) {
      good("JDK", found);
    } else {
      bad("JDK", found + "; drivers need JDK " + JAVA_RELEASE);
    }
  }

  private void driver(Installation installation) {
    if (Files.isRegularFile(installation.driverJar())) {
      good("Driver", installation.driverJar().toString());
    } else {
      bad("Driver", installation.driverJar() + " is missing");
    }
  }

  private void sparks(SparkFinder finder) {
    say("Spark, in the order in which it is looked for:");
    finder.candidates().forEach(this::candidate);
    try {
      SparkInstallation chosen = finder.choose();
      good(
          "Spark",
          "sessions use Spark %s, Scala %s: the first place that has one is %s"
              .formatted(chosen.sparkVersion(), chosen.scalaVersion(), chosen.source()));
    } catch (LaunchException e) {
      bad("Spark", e.getMessage());
    }
    List<SparkFinder.Candidate> named = finder.named();
    if (!named.isEmpty()) {
      say("Spark, by the names that sessions can choose:");
      named.forEach(this::candidate);
      named.stream()
          .filter(candidate -> candidate.found().isEmpty())
          .forEach(candidate -> bad("Spark", candidate.source() + ": " + candidate.detail()));
    }
  }

  private void candidate(SparkFinder.Candidate candidate) {
    say(
        "  %s %-20s %s"
            .formatted(
                candidate.found().isPresent() ? "+" : "-", candidate.source(), candidate.detail()));
  }

  private void python(Optional<Python> python) {
    note(
        "Python",
        python
            .map(found -> found.version() + " at " + found.executable())
            .orElse("no python3 on the PATH (not needed)"));
    note(
        "Jupyter",
        python
            .map(Python::jupyterClient)
            .filter(version -> !version.isEmpty())
            .map(version -> "jupyter_client " + version)
            .orElse("no jupyter_client in python3 (needed for notebooks only)"));
  }

  private void r() {
    RProgram program = RProgram.of(setting -> Optional.empty(), System.getenv());
    note(
        "R",
        program.isOn(System.getenv().getOrDefault("PATH", ""))
            ? program.name() + " is there"
            : "no program " + program.name() + " (needed for sessions of R only)");
  }

  private void kernelspecs(Installation installation, Optional<Python> python) {
    try {
      var installed =
          new KernelspecInstaller(installation.script())
              .installed(
                  JupyterFolders.ofThisMachine(System.getenv()).all(python.map(Python::prefix)));
      for (KernelspecInstaller.Installed kernelspec : installed) {
        note("Kernelspec", kernelspec.name() + " for " + kernelspec.server());
      }
      if (installed.isEmpty()) {
        note("Kernelspec", "none installed; see: polybius kernelspec install");
      }
    } catch (IOException e) {
      note("Kernelspec", "cannot be listed: " + e.getMessage());
    }
  }

  private void port(ServerConfig config) throws InterruptedException {
    String address = config.host().getHostAddress() + " port " + config.port();
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(config.host(), config.port()));
      good("Port", address + " is free");
    } catch (IOException e) {
      if (isServedByLivy(config)) {
        note("Port", address + " is in use: a server is running there");
      } else {
        bad("Port", address + " cannot be used: " + e.getMessage());
      }
    }
  }

  private static boolean isServedByLivy(ServerConfig config) throws InterruptedException {
    try {
      URI server = URI.create("http://127.0.0.1:" + config.port());
      JsonNode version = ServerClient.fromEnvironment(server, System.getenv()).get("/version");
      return version.has("version") && version.has("revision");
    } catch (IOException e) {
      return false;
    }
  }

  private void good(String what, String text) {
    say("%-10s  ok    %s".formatted(what, text));
  }

  private void note(String what, String text) {
    say("%-10s        %s".formatted(what, text));
  }

  private void bad(String what, String text) {
    problems++;
    say("%-10s  BAD   %s".formatted(what, text));
  }

  private void say(String line) {
    spec.commandLine().getOut().println(line);
  }
}
