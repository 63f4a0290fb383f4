package io.polybius.session;

import io.polybius.driver.protocol.StreamName;
import io.polybius.session.spi.BatchLauncher;
import io.polybius.session.spi.BatchSpec;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningBatch;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One batch: its state and the program that it runs. Fields "in the mailbox" are read and written
 * by tasks of the mailbox only; everything else may be called from any thread.
 */
final class Batch {

  private static final Logger logger = LoggerFactory.getLogger(Batch.class);

  private final int id;
  private final BatchSettings asked;
  private final BatchSettings checked;
  private final Optional<String> owner;
  private final BatchLauncher launcher;
  private final ProcessLog log;
  private final CoreThreads threads;
  private final Clock clock;
  private final Mailbox mailbox;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile BatchSnapshot snapshot;

  // In the mailbox:
  private BatchState state = BatchState.STARTING;
  private RunningBatch program;
  private Optional<ClusterApplication> application = Optional.empty();
  private boolean killed;
  private long endedMillis;

  /**
   * Makes a batch that has not been started.
   *
   * @param asked what its creator asked for
   * @param checked the same, as it may be used
   */
  Batch(
      int id,
      BatchSettings asked,
      BatchSettings checked,
      Optional<String> owner,
      BatchLauncher launcher,
      ProcessLog log,
      CoreThreads threads,
      Clock clock) {
    this.id = id;
    this.asked = asked;
    this.checked = checked;
    this.owner = owner;
    this.launcher = launcher;
    this.log = log;
    this.threads = threads;
    this.clock = clock;
    this.mailbox = new Mailbox("batch-" + id, threads.mailboxes());
    this.snapshot = takeSnapshot();
  }

  /** Returns the batch as it is now. */
  BatchSnapshot snapshot() {
    return snapshot;
  }

  /** Returns what its program has printed. */
  ProcessLog log() {
    return log;
  }

  /** Completes when the batch has reached its last state and nothing of its program is left. */
  CompletionStage<Void> ended() {
    return ended;
  }

  /** Launches the program. */
  void start() {
    threads.launch(
        () -> {
          try {
            RunningBatch begun = launcher.launch(spec(), log);
            mailbox.execute(() -> launched(begun));
          } catch (LaunchException e) {
            logger.info("batch {} could not be launched: {}", id, e.getMessage());
            mailbox.execute(() -> failed(e.getMessage()));
          } catch (RuntimeException | Error e) {
            logger.error("launching batch {} failed", id, e);
            mailbox.execute(() -> failed("The launch failed: " + e));
          }
        },
        () -> mailbox.execute(() -> failed("The server is shutting down.")));
  }

  private BatchSpec spec() {
    return new BatchSpec(id, checked);
  }

  /** Ends the program, if it has not ended; completes when nothing of it is left. */
  CompletionStage<Void> kill() {
    mailbox.execute(
        () -> {
          killed = true;
          if (program == null) {
            launcher.giveUp(spec());
          } else if (!state.isTerminal()) {
            program.kill();
          }
        });
    return ended;
  }

  private void launched(RunningBatch begun) {
    program = begun;
    if (!begun.startsWhenAccepted()) {
      become(BatchState.RUNNING);
    }
    begun.follow(told -> mailbox.execute(() -> changed(told)));
    begun.ended().thenAccept(end -> mailbox.execute(() -> ended(end)));
    if (killed) {
      begun.kill();
    }
  }

  private void changed(ClusterApplication told) {
    if (state.isTerminal()) {
      return;
    }
    application = Optional.of(told);
    if (state == BatchState.STARTING && told.state() == ClusterApplication.State.RUNNING) {
      become(BatchState.RUNNING);
    }
    snapshot = takeSnapshot();
  }

  private void ended(RunningBatch.End end) {
    if (killed) {
      log.append(StreamName.STDERR, "The program was killed.");
      end(BatchState.KILLED);
      return;
    }
    switch (end.outcome()) {
      case SUCCEEDED -> {
        // A short one may have run unseen.
        if (state == BatchState.STARTING) {
          become(BatchState.RUNNING);
        }
        end(BatchState.SUCCESS);
      }
      case FAILED -> {
        log.append(StreamName.STDERR, "The program failed: " + end.how());
        end(BatchState.DEAD);
      }
      case KILLED -> {
        log.append(StreamName.STDERR, "The program was killed: " + end.how());
        end(BatchState.KILLED);
      }
    }
  }

  private void failed(String why) {
    log.append(StreamName.STDERR, why);
    end(killed ? BatchState.KILLED : BatchState.DEAD);
  }

  private void end(BatchState how) {
    endedMillis = clock.millis();
    become(how);
    logger.info("batch {} is {}", id, how);
    log.release();
    ended.complete(null);
  }

  private void become(BatchState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException("a batch cannot go from " + state + " to " + next);
    }
    state = next;
    snapshot = takeSnapshot();
  }

  private BatchSnapshot takeSnapshot() {
    return new BatchSnapshot(id, asked, owner, state, application, endedMillis);
  }
}
