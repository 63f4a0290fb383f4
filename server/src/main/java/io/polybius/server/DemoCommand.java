package io.polybius.server;

import io.polybius.server.client.ServerClient;
import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.config.Sources;
import io.polybius.server.demo.NotebookDemo;
import io.polybius.server.demo.Screen;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows what the server does, on a server of its own. */
@Command(
    name = "demo",
    description = "Run the example notebooks on a server of their own, and show them here.")
final class DemoCommand implements Callable<Integer> {

  /** What has to hold for the demonstration, whatever the operator's files say. */
  private static final Map<String, String> SETTINGS =
      Map.of(
          "livy.server.host",
          "127.0.0.1",
          "livy.server.port",
          "0",
          "livy.rsc.server.connect.timeout",
          "10m",
          "polybius.server.token-file",
          "",
          "polybius.server.access-log-dir",
          "off",
          // There is but one session, and it begins at once.
          "polybius.server.prespawned-drivers",
          "0",
          "polybius.server.state-dir",
          "");

  @Spec private CommandSpec spec;

  @Override
  public Integer call()
      throws CommandException, ConfigException, IOException, InterruptedException {
    Installation installation = Installation.ofThisProcess();
    ServerConfig config = ServerConfig.load(Sources.ofThisProcess(installation.home(), SETTINGS));
    Screen screen = new Screen(spec.commandLine().getOut(), hasColours());
    try (ServerAssembly server = ServerProcess.start(config, installation)) {
      screen.say("Polybius runs at " + server.uri());
      boolean good =
          new NotebookDemo(new ServerClient(server.uri()), installation.notebooks(), screen).run();
      screen.say(good ? "Everything ran; stopping the server." : "Stopping the server.");
      return good ? 0 : 1;
    }
  }

  private static boolean hasColours() {
    // The launcher script has looked, because Java cannot tell about the output alone.
    return Boolean.getBoolean("polybius.terminal")
        && !"dumb".equals(System.getenv("TERM"))
        && System.getenv("NO_COLOR") == null;
  }
}
