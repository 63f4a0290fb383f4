package io.polybius.kernel.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.MessageSource;
import io.polybius.kernel.zmq.KernelSockets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class KernelClientTest {

  private static final Duration LONG = Duration.ofMinutes(10);

  @Test
  void closeEndsAWaitForAKernelThatSaysNothing() throws Exception {
    MessageSource messages = new MessageSource(() -> "kernel", "tester", Clock.systemUTC());
    // Requests are not served.
    try (KernelSockets sockets =
        KernelSockets.bind(ConnectionFile.onLoopback("spark"), "kernel", messages)) {
      KernelClient client = new KernelClient(sockets.connectionFile());
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      Thread waiter =
          new Thread(() -> ended.complete(catchThrowable(() -> client.kernelInfo(LONG))));
      waiter.start();
      await()
          .until(
              () ->
                  Arrays.stream(waiter.getStackTrace())
                      .anyMatch(frame -> frame.getMethodName().equals("poll")));

      client.close();

      assertThat(ended.get(10, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    }
  }
}
