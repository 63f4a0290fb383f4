package io.polybius.bench;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.Kind;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.DriverLauncher;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/** Drivers without a process or a Spark, to measure what the server itself takes. */
final class InMemoryDrivers implements DriverLauncher {

  /** The statement that prints so many lines, each an event of its own. */
  static final String PRINT_LINES = "lines";

  static final int LINES = 10_000;

  @Override
  public RunningDriver launch(
      LaunchSpec spec, DriverConnection.Receiver<DriverEvent> events, ProcessLog log) {
    events.received(1, new DriverEvent.DriverReady("none", "none", "in-memory", ""));
    return new InMemoryDriver(events);
  }

  @Override
  public Set<Kind> languages() {
    return Set.of(Kind.SPARK);
  }

  @Override
  public void close() {}

  private static final class InMemoryDriver
      implements RunningDriver, DriverConnection<DriverCommand> {

    private final DriverConnection.Receiver<DriverEvent> events;
    private final CompletableFuture<String> exited = new CompletableFuture<>();
    private final AtomicLong eventCount = new AtomicLong(1);

    InMemoryDriver(DriverConnection.Receiver<DriverEvent> events) {
      this.events = events;
    }

    @Override
    public void send(DriverCommand command) {
      if (command instanceof DriverCommand.Execute execute) {
        if (execute.code().equals(PRINT_LINES)) {
          for (int i = 1; i <= LINES; i++) {
            events.received(
                eventCount.incrementAndGet(),
                new DriverEvent.StatementPutOut(
                    execute.statementId(),
                    new StatementOutput.StreamText(StreamName.STDOUT, i + "\n")));
          }
        }
        events.received(
            eventCount.incrementAndGet(),
            new DriverEvent.StatementSucceeded(execute.statementId()));
      } else if (command instanceof DriverCommand.Shutdown) {
        exited.complete("shut down");
      }
    }

    @Override
    public DriverConnection<DriverCommand> connection() {
      return this;
    }

    @Override
    public CompletionStage<String> exited() {
      return exited;
    }

    @Override
    public void kill() {
      exited.complete("killed");
    }

    @Override
    public void close() {}
  }
}
