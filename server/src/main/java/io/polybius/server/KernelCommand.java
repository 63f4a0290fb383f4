package io.polybius.server;

import io.polybius.kernel.relay.KernelRelay;
import io.polybius.kernel.relay.RelayOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The process that Jupyter starts for a kernelspec of ours. */
@Command(
    name = KernelCommand.NAME,
    description = "Connect one Jupyter kernel to the server; started by Jupyter.")
final class KernelCommand implements Callable<Integer> {

  static final String NAME = "kernel";
  static final String DEFAULT_SERVER = "http://127.0.0.1:8998";

  @Option(
      names = {"-f", "--connection-file"},
      required = true,
      paramLabel = "FILE",
      description = "The connection file that Jupyter has written.")
  private Path connectionFile;

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = DEFAULT_SERVER,
      description = "The server's address (default: ${DEFAULT-VALUE}).")
  private URI server;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      defaultValue = "spark",
      description = "The language of the session (default: ${DEFAULT-VALUE}).")
  private String kind;

  @Option(
      names = "--session",
      paramLabel = "SESSION",
      description = "Attach to this running session instead of opening one.")
  private String session;

  @Override
  public Integer call() {
    return KernelRelay.run(
        new RelayOptions(server, connectionFile, kind, Optional.ofNullable(session)),
        System.getenv());
  }
}
