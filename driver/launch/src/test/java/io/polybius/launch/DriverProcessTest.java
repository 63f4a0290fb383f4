package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.session.ProcessLog;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DriverProcessTest {

  private final ProcessLog log = new ProcessLog();
  private final AtomicInteger cleanedUp = new AtomicInteger();

  @Test
  void whatItPrintsIsLoggedBeforeItsEndIsTold() throws Exception {
    DriverProcess driver = start("echo out; echo err >&2; exit 3");
    assertThat(driver.exited().toCompletableFuture().get(10, TimeUnit.SECONDS))
        .isEqualTo("exit code 3");
    assertThat(log.page(0, -1).lines()).containsExactly("stdout: ", "out", "\nstderr: ", "err");
    assertThat(cleanedUp).hasValue(1);
  }

  @Test
  void killEndsItsChildrenToo() throws Exception {
    DriverProcess driver = start("sleep 60 & echo $!; wait");
    org.awaitility.Awaitility.await().until(() -> log.page(0, -1).lines().size() == 3);
    long child = Long.parseLong(log.page(0, -1).lines().get(1));
    driver.kill();
    assertThat(driver.exited().toCompletableFuture().get(10, TimeUnit.SECONDS))
        .isEqualTo("exit code 137 (signal 9)");
    org.awaitility.Awaitility.await()
        .until(() -> ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void aChildThatKeepsThePipesOpenDelaysTheEndOnlyShortly() throws Exception {
    DriverProcess driver = start("sleep 20 & exit 0");
    assertThat(driver.exited().toCompletableFuture().get(10, TimeUnit.SECONDS))
        .isEqualTo("exit code 0");
  }

  private DriverProcess start(String script) throws Exception {
    Process process = new ProcessBuilder(List.of("sh", "-c", script)).start();
    return new DriverProcess(
        process,
        new DriverConnection<DriverCommand>() {
          @Override
          public void send(DriverCommand message) {}

          @Override
          public void close() {}
        },
        log,
        cleanedUp::incrementAndGet);
  }
}
