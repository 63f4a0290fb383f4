package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningDriver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PrespawnedDriversTest {

  private static final DriverEvent READY =
      new DriverEvent.DriverReady("3.5.5", "2.12.18", "local-1", "");

  private final List<FakeDriver> started = new CopyOnWriteArrayList<>();
  private final Collected session = new Collected();
  private final ProcessLog log = new ProcessLog();

  @Test
  void aSessionThatFitsGetsADriverWithAllThatItSays() throws LaunchException {
    try (PrespawnedDrivers drivers = drivers(1)) {
      FakeDriver driver = first();
      driver.log.append(StreamName.STDOUT, "before");
      RunningDriver taken = take(drivers, Map.of("spark.app.name", "a"));
      assertThat(taken).isSameAs(driver);
      assertThat(driver.sent)
          .containsExactly(new DriverCommand.StartSpark(List.of("spark.app.name", "a")));
      driver.events.received(1, READY);
      driver.log.append(StreamName.STDERR, "after");
      driver.events.closed("gone");
      assertThat(session.events).containsExactly(READY);
      assertThat(session.end).isEqualTo("gone");
      assertThat(log.page(0, -1).lines())
          .containsExactly("stdout: ", "before", "\nstderr: ", "after");
      assertThat(drivers.take(commandLine(Map.of()), Map.of(), session, log)).isEmpty();
    }
    assertThat(first().killed).as("it is the session's to end").isFalse();
  }

  @Test
  void whatTheProcessIsStartedWithMustBeTheSame() throws LaunchException {
    try (PrespawnedDrivers drivers = drivers(1)) {
      first();
      for (Map<String, String> other :
          List.of(
              Map.of("spark.driver.memory", "2g"),
              Map.of("spark.driver.extraJavaOptions", "-Da=b"),
              Map.of("spark.jars", Path.of("pom.xml").toAbsolutePath().toString()))) {
        assertThat(drivers.take(commandLine(other), other, session, log)).isEmpty();
      }
      assertThat(take(drivers, Map.of("spark.executor.memory", "2g"))).isNotNull();
    }
  }

  @Test
  void aDriverThatEndedIsHandedToNobody() throws LaunchException {
    try (PrespawnedDrivers drivers = drivers(2)) {
      await().until(() -> started.size() == 1);
      started.get(0).events.closed("killed");
      assertThat(drivers.take(commandLine(Map.of()), Map.of(), session, log)).isEmpty();
      assertThat(session.end).isEmpty();
    }
  }

  @Test
  void closingEndsThoseThatWait() throws LaunchException {
    PrespawnedDrivers drivers = drivers(1);
    FakeDriver driver = first();
    drivers.close();
    assertThat(driver.killed).isTrue();
    assertThat(drivers.take(commandLine(Map.of()), Map.of(), session, log)).isEmpty();
  }

  @Test
  void noneAreStartedWhereNoneAreWanted() throws LaunchException {
    try (PrespawnedDrivers drivers = drivers(0)) {
      assertThat(drivers.take(commandLine(Map.of()), Map.of(), session, log)).isEmpty();
    }
    assertThat(started).isEmpty();
  }

  @Test
  void aStartThatFailsLeavesNothing() throws LaunchException {
    List<String> tried = new CopyOnWriteArrayList<>();
    try (PrespawnedDrivers drivers =
        new PrespawnedDrivers(
            1,
            (name, events, driverLog) -> {
              tried.add(name);
              throw new LaunchException("there is no Spark");
            })) {
      await().until(() -> tried.size() == 1);
      assertThat(drivers.take(commandLine(Map.of()), Map.of(), session, log)).isEmpty();
    }
  }

  private PrespawnedDrivers drivers(int wanted) {
    return new PrespawnedDrivers(
        wanted,
        (name, events, driverLog) -> {
          FakeDriver driver = new FakeDriver(events, driverLog);
          started.add(driver);
          return new PrespawnedDrivers.Started(commandLine(Map.of()), driver);
        });
  }

  /** Takes a driver as soon as there is one. */
  private RunningDriver take(PrespawnedDrivers drivers, Map<String, String> settings) {
    return await()
        .until(
            () -> drivers.take(commandLine(settings), settings, session, log), Optional::isPresent)
        .orElseThrow();
  }

  /** Returns the driver that is started first. */
  private FakeDriver first() {
    await().until(() -> !started.isEmpty());
    return started.get(0);
  }

  private static DriverCommandLine commandLine(Map<String, String> settings) {
    SparkInstallation spark =
        new SparkInstallation("test", Path.of("spark"), List.of(), "3.5.5", "2.12.18");
    return new DriverCommandLine(spark, Path.of("driver.jar"), settings);
  }

  private static final class Collected implements DriverConnection.Receiver<DriverEvent> {

    private final List<DriverEvent> events = new ArrayList<>();
    private String end = "";

    @Override
    public void received(long sequence, DriverEvent message) {
      events.add(message);
    }

    @Override
    public void closed(String reason) {
      end = reason;
    }
  }

  private static final class FakeDriver implements RunningDriver {

    private final DriverConnection.Receiver<DriverEvent> events;
    private final ProcessLog log;
    private final List<DriverCommand> sent = new CopyOnWriteArrayList<>();
    private final CompletableFuture<String> exited = new CompletableFuture<>();
    private volatile boolean killed;

    FakeDriver(DriverConnection.Receiver<DriverEvent> events, ProcessLog log) {
      this.events = events;
      this.log = log;
    }

    @Override
    public DriverConnection<DriverCommand> connection() {
      return new DriverConnection<>() {
        @Override
        public void send(DriverCommand message) {
          sent.add(message);
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public CompletionStage<String> exited() {
      return exited;
    }

    @Override
    public void kill() {
      killed = true;
      exited.complete("killed");
    }
  }
}
