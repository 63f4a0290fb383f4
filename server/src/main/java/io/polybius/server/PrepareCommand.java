package io.polybius.server;

import io.polybius.launch.LocalLauncher;
import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.config.Sources;
import io.polybius.server.files.PrivateFolder;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Makes ahead what lets sessions start fast. The launcher script runs it after a build, so that the
 * first session need not be the slow one.
 */
@Command(name = "prepare", hidden = true)
final class PrepareCommand implements Callable<Integer> {

  @Override
  public Integer call() throws CommandException, ConfigException, IOException, LaunchException {
    Installation installation = Installation.ofThisProcess();
    Map<String, String> environment = System.getenv();
    ServerConfig config =
        ServerConfig.load(
            Sources.ofThisProcess(
                installation.home(), Map.of("polybius.server.prespawned-drivers", "0")));
    try (PrivateFolder folder = new PrivateFolder(config.stateDirectory());
        LocalLauncher launcher =
            ServerAssembly.launcher(config, installation, environment, folder.folder("drivers"))) {
      launcher.prepare();
    }
    return 0;
  }
}
