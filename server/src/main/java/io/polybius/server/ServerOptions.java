package io.polybius.server;

import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.config.Sources;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The settings that commands take from the command line. */
final class ServerOptions {

  @Option(names = "--host", paramLabel = "ADDRESS", description = "Serve on this address.")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "Serve on this port; 0 takes any free one.")
  private String port;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any setting of docs/configuration.md; may be repeated.")
  private Map<String, String> settings = new LinkedHashMap<>();

  /** Reads the settings from all sources. */
  ServerConfig load(Installation installation) throws ConfigException {
    Map<String, String> given = new LinkedHashMap<>(settings);
    if (host != null) {
      given.put("livy.server.host", host);
    }
    if (port != null) {
      given.put("livy.server.port", port);
    }
    return ServerConfig.load(Sources.ofThisProcess(installation.home(), given));
  }
}
