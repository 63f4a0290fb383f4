package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.session.spi.RunningDriver;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * A driver that is a process of this machine.
 *
 * @param process the driver
 * @param connection the link to it
 * @param papers what is kept of it, if it can outlive the server
 */
record DriverProcess(
    LaunchedProcess process,
    DriverConnection<DriverCommand> connection,
    Optional<DriverPapers> papers)
    implements RunningDriver {

  @Override
  public CompletionStage<String> exited() {
    return process.exited().thenApply(LaunchedProcess::describe);
  }

  @Override
  public void kill() {
    process.kill();
  }
}
