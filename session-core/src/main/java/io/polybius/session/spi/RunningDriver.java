package io.polybius.session.spi;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import java.util.concurrent.CompletionStage;

/** A driver that has been launched. */
public interface RunningDriver {

  /** Returns the link to the driver; commands sent before it is up wait for it. */
  DriverConnection<DriverCommand> connection();

  /**
   * Completes when the driver process and its children are gone and what they printed has been
   * logged, with a sentence on how it ended. Never completes with an exception.
   */
  CompletionStage<String> exited();

  /** Ends the driver and all its children at once, without asking. May be called again. */
  void kill();
}
