package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.MDC;

@Timeout(30)
class MailboxTest {

  private final ExecutorService pool = Executors.newFixedThreadPool(4);
  private final Mailbox mailbox = new Mailbox("0", pool);

  @AfterEach
  void stopPool() {
    pool.shutdownNow();
  }

  @Test
  void tasksOfOneGiverRunInOrder() throws Exception {
    List<Integer> seen = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    IntStream.range(0, 10_000).forEach(i -> mailbox.execute(() -> seen.add(i)));
    mailbox.execute(done::countDown);
    assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(seen).isEqualTo(IntStream.range(0, 10_000).boxed().toList());
  }

  @Test
  void tasksNeverOverlapAndSeeEachOthersWrites() throws Exception {
    int[] unguarded = new int[1];
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger overlaps = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(4000);
    ExecutorService givers = Executors.newFixedThreadPool(4);
    try {
      for (int i = 0; i < 4; i++) {
        givers.execute(
            () -> {
              for (int j = 0; j < 1000; j++) {
                mailbox.execute(
                    () -> {
                      if (inside.incrementAndGet() != 1) {
                        overlaps.incrementAndGet();
                      }
                      unguarded[0]++;
                      inside.decrementAndGet();
                      done.countDown();
                    });
              }
            });
      }
      assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      givers.shutdownNow();
    }
    assertThat(overlaps).hasValue(0);
    assertThat(unguarded[0]).isEqualTo(4000);
  }

  @Test
  void aFailingTaskDoesNotStopTheNext() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    mailbox.execute(
        () -> {
          throw new IllegalStateException("expected by this test");
        });
    mailbox.execute(done::countDown);
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void busyMailboxLetsOthersOfItsPoolHaveTheirTurn() throws Exception {
    ExecutorService oneThread = Executors.newSingleThreadExecutor();
    try {
      Mailbox busy = new Mailbox("1", oneThread);
      Mailbox other = new Mailbox("2", oneThread);
      CountDownLatch turn = new CountDownLatch(1);
      CountDownLatch stopped = new CountDownLatch(1);
      Runnable again =
          new Runnable() {
            @Override
            public void run() {
              if (turn.getCount() > 0) {
                busy.execute(this);
              } else {
                stopped.countDown();
              }
            }
          };
      busy.execute(again);
      other.execute(turn::countDown);

      assertThat(turn.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(stopped.await(10, TimeUnit.SECONDS)).isTrue();
    } finally {
      oneThread.shutdownNow();
    }
  }

  @Test
  void tasksGivenAfterTheEndOfThePoolRunAtOnceAndInOrder() {
    pool.shutdown();
    List<String> seen = new ArrayList<>();

    mailbox.execute(
        () -> {
          mailbox.execute(() -> seen.add("inner"));
          seen.add("outer");
        });
    mailbox.execute(() -> seen.add("next"));

    assertThat(seen).containsExactly("outer", "inner", "next");
  }

  @Test
  void logLinesOfATaskNameTheSession() throws Exception {
    CompletableFuture<String> named = new CompletableFuture<>();
    mailbox.execute(() -> named.complete(MDC.get("session")));

    assertThat(named.get(10, TimeUnit.SECONDS)).isEqualTo("0");
  }
}
