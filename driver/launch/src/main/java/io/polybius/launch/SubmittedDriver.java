package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.session.ClusterApplication;
import io.polybius.session.spi.RunningBatch;
import io.polybius.session.spi.RunningDriver;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * A driver that was given to {@code spark-submit}.
 *
 * @param submission its process here and its application there
 * @param connection the link to it
 * @param onCluster whether it runs on a machine of the cluster, else on this one
 */
record SubmittedDriver(
    Submission submission, DriverConnection<DriverCommand> connection, boolean onCluster)
    implements RunningDriver {

  @Override
  public CompletionStage<String> exited() {
    return submission.ended().thenApply(RunningBatch.End::how);
  }

  @Override
  public void follow(Consumer<ClusterApplication> listener) {
    submission.follow(listener);
  }

  @Override
  public boolean startsWhenAccepted() {
    return submission.application().isPresent();
  }

  @Override
  public boolean sharesFiles() {
    return !onCluster;
  }

  @Override
  public void kill() {
    submission.kill();
  }
}
