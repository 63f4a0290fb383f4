package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput.Clear;
import io.polybius.driver.protocol.StatementOutput.Display;
import io.polybius.driver.protocol.StatementOutput.DisplayUpdate;
import io.polybius.driver.protocol.StatementOutput.Echo;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StatementOutput.Value;
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

  private static String printed(DriverEvent event) {
    return ((StreamText) ((DriverEvent.StatementPutOut) event).output()).text();
  }

  @Test
  void textOfALargeValueIsCut() {
    String text = "x".repeat(3 << 20);
    sink.put(new Echo(text));
    sink.put(new Value(MimeBundle.text(text)));

    assertThat(events)
        .extracting(event -> ((DriverEvent.StatementPutOut) event).output())
        .satisfiesExactly(
            echo ->
                assertThat(((Echo) echo).text())
                    .hasSizeLessThan(1_100_000)
                    .endsWith("x... (2,097,152 more characters)\n"),
            value ->
                assertThat(((Value) value).bundle().find(MimeBundle.TEXT).orElseThrow().data())
                    .hasSizeLessThan(1_100_000)
                    .endsWith("x... (2,097,152 more characters)"));
  }

  @Test
  void largeFormIsLeftOutWithANoteAndTheOthersStay() {
    sink.put(
        new Display(
            MimeBundle.text("a picture")
                .with(MimeBundle.PNG, "A".repeat(60 << 20))
                .with(MimeBundle.HTML, "<img>")));

    assertThat(events).hasSize(2);
    assertThat(printed(events.get(0)))
        .isEqualTo(
            "\n[image/png of 62,914,560 characters was left out: a form has at most 8,388,608, and all"
                + " together 16,777,216.]\n");
    assertThat(((Display) ((DriverEvent.StatementPutOut) events.get(1)).output()).bundle())
        .isEqualTo(MimeBundle.text("a picture").with(MimeBundle.HTML, "<img>"));
  }

  @Test
  void allFormsTogetherAreBounded() {
    String form = "A".repeat(8 << 20);
    sink.put(new Value(MimeBundle.text("x").with("a/a", form).with("b/b", form)));

    assertThat(printed(events.get(0))).contains("b/b of 8,388,608 characters was left out");
    assertThat(
            ((Value) ((DriverEvent.StatementPutOut) events.get(1)).output()).bundle().find("a/a"))
        .isPresent();
  }
}
