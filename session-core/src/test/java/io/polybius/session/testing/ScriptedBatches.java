package io.polybius.session.testing;

import io.polybius.driver.protocol.StreamName;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.BatchLauncher;
import io.polybius.session.spi.BatchSpec;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningBatch;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Launches batches in memory, which print and end when the test says so. */
public final class ScriptedBatches implements BatchLauncher {

  private final BlockingQueue<ScriptedBatch> launched = new LinkedBlockingQueue<>();
  private volatile String failure;
  private volatile boolean onCluster;

  /** A batch that runs until it is told to end. */
  public static final class ScriptedBatch implements RunningBatch {

    private final BatchSpec spec;
    private final ProcessLog log;
    private final CompletableFuture<End> ended = new CompletableFuture<>();
    private volatile Consumer<ClusterApplication> follower = told -> {};
    private final boolean onCluster;

    private ScriptedBatch(BatchSpec spec, ProcessLog log, boolean onCluster) {
      this.onCluster = onCluster;
      this.spec = spec;
      this.log = log;
    }

    /** Returns what was to be started. */
    public BatchSpec spec() {
      return spec;
    }

    /** Prints a line. */
    public void print(String line) {
      log.append(StreamName.STDOUT, line);
    }

    @Override
    public boolean startsWhenAccepted() {
      return onCluster;
    }

    /** Lets its cluster say something of its application. */
    public void application(ClusterApplication told) {
      follower.accept(told);
    }

    @Override
    public void follow(Consumer<ClusterApplication> listener) {
      follower = listener;
    }

    /** Somebody ends its application in the cluster. */
    public void killElsewhere() {
      ended.complete(new End(Outcome.KILLED, "by somebody"));
    }

    /** Ends. */
    public void exit(int code) {
      ended.complete(new End(code == 0, "exit code " + code));
    }

    @Override
    public CompletionStage<End> ended() {
      return ended;
    }

    @Override
    public void kill() {
      ended.complete(new End(false, "killed"));
    }
  }

  /** Lets batches from now on be such that their cluster starts when it has room. */
  public void useCluster() {
    onCluster = true;
  }

  /** Lets every launch from now on fail. */
  public void failWith(String message) {
    failure = message;
  }

  /** Returns the next batch that was launched, waiting a few seconds for it. */
  public ScriptedBatch next() throws InterruptedException {
    ScriptedBatch batch = launched.poll(5, TimeUnit.SECONDS);
    if (batch == null) {
      throw new AssertionError("no batch was launched");
    }
    return batch;
  }

  @Override
  public RunningBatch launch(BatchSpec spec, ProcessLog log) throws LaunchException {
    if (failure != null) {
      throw new LaunchException(failure);
    }
    ScriptedBatch batch = new ScriptedBatch(spec, log, onCluster);
    launched.add(batch);
    return batch;
  }
}
