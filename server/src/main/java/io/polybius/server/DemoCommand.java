package io.polybius.server;

import io.polybius.server.client.ServerClient;
import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.config.Sources;
import io.polybius.server.demo.NotebookDemo;
import io.polybius.server.demo.Screen;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
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
          // Nothing of it is to outlive it, or to be mixed with what a real server keeps.
          "livy.server.recovery.mode",
          "off",
          "livy.server.recovery.state-store.url",
          "",
          "polybius.server.state-dir",
          "");

  /** The launch profile of the session, where the command line says where it runs. */
  private static final String PROFILE = "polybius.profile.demo.";

  private static final String DRIVER_ADDRESS = "livy.rsc.rpc.server.address";

  @Option(
      names = "--master",
      paramLabel = "MASTER",
      description =
          "Run on a cluster: yarn, or spark://HOST:PORT. For yarn, HADOOP_CONF_DIR names the folder"
              + " of its settings; without it, the source tree starts a cluster on this machine.")
  private Optional<String> master;

  @Option(
      names = "--deploy-mode",
      paramLabel = "MODE",
      description =
          "Where on that cluster the driver runs: client is this machine, cluster (the default) is"
              + " inside.")
  private Optional<String> deployMode;

  @Parameters(
      paramLabel = "NOTEBOOK",
      arity = "0..*",
      description = "Only these of the Scala notebooks, such as quick-start.ipynb.")
  private List<String> notebooks = List.of();

  @Spec private CommandSpec spec;

  @Override
  public Integer call()
      throws CommandException, ConfigException, IOException, InterruptedException {
    Installation installation = Installation.ofThisProcess();
    ServerConfig config = config(installation);
    Screen screen = new Screen(spec.commandLine().getOut(), hasColours());
    try (ServerAssembly server = ServerProcess.start(config, installation)) {
      screen.say(
          "Polybius runs at "
              + server.uri()
              + master
                  .map(url -> ", its drivers on " + url + " in " + mode() + " mode")
                  .orElse(""));
      boolean good =
          new NotebookDemo(
                  new ServerClient(server.uri()), installation.notebooks(), notebooks, screen)
              .run();
      screen.say(good ? "Everything ran; stopping the server." : "Stopping the server.");
      return good ? 0 : 1;
    }
  }

  private ServerConfig config(Installation installation) throws CommandException, ConfigException {
    Map<String, String> settings = new LinkedHashMap<>(SETTINGS);
    if (master.isEmpty()) {
      if (deployMode.isPresent()) {
        throw new CommandException("--deploy-mode is for clusters; name one by --master");
      }
      return load(installation, settings);
    }
    if (!List.of("client", "cluster").contains(mode())) {
      throw new CommandException("--deploy-mode must be client or cluster, not " + mode());
    }
    settings.put("polybius.default-profile", "demo");
    settings.put(PROFILE + "spark.master", master.get());
    settings.put(PROFILE + "spark.submit.deployMode", mode());
    // Small, so that every cluster has room for it.
    settings.put(PROFILE + "num-executors", "1");
    settings.put(PROFILE + "executor-cores", "2");
    settings.put(PROFILE + "spark.cores.max", "2");
    // The notebooks find their data by it, also where the driver does not inherit it.
    settings.put(PROFILE + "spark.yarn.appMasterEnv.POLYBIUS_HOME", installation.home().toString());
    ServerConfig config = load(installation, settings);
    if (mode().equals("cluster") && config.driverAddress().isLoopbackAddress()) {
      // Drivers on other machines could not dial that.
      settings.put(DRIVER_ADDRESS, sparkAddress().orElse("0.0.0.0"));
      return load(installation, settings);
    }
    return config;
  }

  private static ServerConfig load(Installation installation, Map<String, String> settings)
      throws ConfigException {
    return ServerConfig.load(Sources.ofThisProcess(installation.home(), settings));
  }

  private String mode() {
    return deployMode.orElse("cluster");
  }

  /** Returns the address of this machine that Spark is told to use, if it is told one. */
  private static Optional<String> sparkAddress() {
    return Optional.ofNullable(System.getenv("SPARK_LOCAL_IP"))
        .filter(address -> !address.isBlank());
  }

  private static boolean hasColours() {
    // The launcher script has looked, because Java cannot tell about the output alone.
    return Boolean.getBoolean("polybius.terminal")
        && !"dumb".equals(System.getenv("TERM"))
        && System.getenv("NO_COLOR") == null;
  }
}
