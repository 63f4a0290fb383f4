package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SubmissionTurnsTest {

  private final SubmissionTurns turns = new SubmissionTurns(1);
  private final ProcessLog log = new ProcessLog();

  private CompletableFuture<SubmissionTurns.Turn> taken() {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return turns.take("one", log);
          } catch (LaunchException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void whoComesLaterIsToldToWaitAndHasItsTurnThen() throws Exception {
    SubmissionTurns.Turn first = turns.take("one", log);
    assertThat(log.page(0, -1).lines()).doesNotContain("Waits until others have been submitted.");
    CompletableFuture<SubmissionTurns.Turn> second = taken();
    await()
        .untilAsserted(
            () ->
                assertThat(log.page(0, -1).lines())
                    .contains("Waits until others have been submitted."));
    assertThat(second).isNotDone();
    first.end();
    second.get(10, TimeUnit.SECONDS).end();
  }

  @Test
  void aTurnThatIsEndedTwiceIsOnePlace() throws Exception {
    SubmissionTurns.Turn first = turns.take("one", log);
    first.end();
    first.end();
    SubmissionTurns.Turn second = turns.take("one", log);
    CompletableFuture<SubmissionTurns.Turn> third = taken();
    assertThatThrownBy(() -> third.get(300, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    second.end();
    third.get(10, TimeUnit.SECONDS).end();
  }

  @Test
  void whoIsGivenUpWaitsNoLonger() throws Exception {
    SubmissionTurns.Turn first = turns.take("first", log);
    CompletableFuture<SubmissionTurns.Turn> second = taken();
    turns.giveUp("another");
    await()
        .untilAsserted(
            () -> {
              turns.giveUp("one");
              assertThat(second).isCompletedExceptionally();
            });
    first.end();
    turns.take("third", log).end();
  }

  @Test
  void whoIsInterruptedHasNoTurn() throws Exception {
    SubmissionTurns.Turn first = turns.take("one", log);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> turns.take("one", log)).isInstanceOf(LaunchException.class);
    assertThat(Thread.interrupted()).isTrue();
    first.end();
    turns.take("one", log).end();
  }
}
