package io.polybius.server;

import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs a server until the process is told to end. */
@Command(name = "serve", description = "Run the server in the foreground, until it is told to end.")
final class ServeCommand implements Callable<Integer> {

  @Mixin private ServerOptions options;
  @Spec private CommandSpec spec;

  @Override
  public Integer call()
      throws CommandException, ConfigException, IOException, InterruptedException {
    Installation installation = Installation.ofThisProcess();
    ServerConfig config = options.load(installation);
    ServerAssembly server = ServerProcess.start(config, installation);
    PrintWriter out = spec.commandLine().getOut();
    out.println("Polybius is ready at " + server.uri());
    out.flush();
    // A signal ends the process, and with it this wait.
    new CountDownLatch(1).await();
    return 0;
  }
}
