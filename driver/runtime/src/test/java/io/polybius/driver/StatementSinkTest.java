package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput.Clear;
import io.polybius.driver.protocol.StatementOutput.Display;
import io.polybius.driver.protocol.StatementOutput.DisplayUpdate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How much a statement may show. */
@Timeout(60)
class StatementSinkTest {

  private static final MimeBundle LARGE = MimeBundle.text("x".repeat(7 << 20));

  private final List<DriverEvent> events = new ArrayList<>();
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
  private final StatementSink sink = new StatementSink(1, 10_000, events::add, timer);

  @AfterEach
  void end() {
    timer.shutdownNow();
  }

  @Test
  void displaysBeyondTheLimitAreDroppedWithANote() {
    for (int i = 0; i < 10; i++) {
      sink.put(new Display(LARGE));
    }
    assertThat(events).hasSize(5);
    assertThat(events.get(4).toString()).contains("the rest was dropped");
  }

  @Test
  void updatesOfOneDisplayAndClearedDisplaysDoNotAddUp() {
    for (int i = 0; i < 10; i++) {
      sink.put(new DisplayUpdate(LARGE, "one"));
      sink.put(new Display(LARGE));
      sink.put(new Clear(false));
    }
    assertThat(events).hasSize(30);
  }
}
