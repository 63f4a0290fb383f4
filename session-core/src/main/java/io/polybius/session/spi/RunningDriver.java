package io.polybius.session.spi;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.session.ClusterApplication;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A driver that has been launched. */
public interface RunningDriver {

  /** Returns the link to the driver; commands sent before it is up wait for it. */
  DriverConnection<DriverCommand> connection();

  /**
   * Completes when the driver process and its children are gone and what they printed has been
   * logged, with a sentence on how it ended. Never completes with an exception.
   */
  CompletionStage<String> exited();

  /**
   * Has a listener told what the driver's cluster says of its application: the latest at once, if
   * there is any, and then each change. Nothing is told of a driver that no cluster has started.
   */
  default void follow(Consumer<ClusterApplication> listener) {}

  /**
   * Returns whether a cluster starts the driver when it has room: then the driver's time to be
   * ready begins when {@link #follow} tells that the cluster has accepted it, and the launcher sees
   * to it that this does not take for ever.
   */
  default boolean startsWhenAccepted() {
    return false;
  }

  /** Returns whether the driver can read the files of the server's machine. */
  default boolean sharesFiles() {
    return true;
  }

  /** Ends the driver and all its children at once, without asking. May be called again. */
  void kill();
}
