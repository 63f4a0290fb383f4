package io.polybius.driver;

import io.polybius.driver.interpreter.CompilerTraining;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warms the compiler's code up while the session is idle, so that the user's statements find it
 * fast. It pauses while a statement runs or somebody asks questions, and ends after a fixed amount
 * of work.
 */
final class CompilerWarmUp {

  private static final Logger log = LoggerFactory.getLogger(CompilerWarmUp.class);
  private static final int STEPS = 150;
  private static final long GIVE_UP_NANOS = TimeUnit.MINUTES.toNanos(10);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** Between two statements of a program there is less time than this, and none to take from it. */
  private static final Duration IDLE = Duration.ofSeconds(2);

  private CompilerWarmUp() {}

  /**
   * Begins, on a thread of its own.
   *
   * @param directory for the classes that it compiles
   * @param idleTime for how long nobody has waited for anything
   */
  static void start(Path directory, Supplier<Duration> idleTime) {
    Thread thread = new Thread(() -> run(directory, idleTime), "compiler-warm-up");
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    thread.start();
  }

  private static void run(Path directory, Supplier<Duration> idleTime) {
    long begin = System.nanoTime();
    awaitIdle(idleTime, begin);
    try (CompilerTraining training = new CompilerTraining(directory)) {
      for (int step = 0; step < STEPS && System.nanoTime() - begin < GIVE_UP_NANOS; step++) {
        awaitIdle(idleTime, begin);
        long stepBegin = System.nanoTime();
        training.step(step);
        // Half of one processor is enough to take from others.
        LockSupport.parkNanos(System.nanoTime() - stepBegin);
      }
      log.info(
          "the compiler is warm after {} ms",
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
    } catch (IOException | RuntimeException e) {
      log.info("the compiler could not be warmed up: {}", e.toString());
    }
  }

  private static void awaitIdle(Supplier<Duration> idleTime, long begin) {
    while (idleTime.get().compareTo(IDLE) < 0 && System.nanoTime() - begin < GIVE_UP_NANOS) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
