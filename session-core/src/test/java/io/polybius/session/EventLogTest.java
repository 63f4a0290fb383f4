package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.SessionEvent.OutputAdded;
import io.polybius.session.SessionEvent.StatementChanged;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventLogTest {

  private static final Statement STATEMENT =
      Statement.waiting(0, new NewStatement(Kind.SPARK, "1", Origin.REST, false, false, false));

  private final EventLog events = new EventLog();

  private void add(int count) {
    for (int i = 0; i < count; i++) {
      events.add(sequence -> new StatementChanged(sequence, STATEMENT));
      events.tell();
    }
  }

  private List<Long> listenFrom(long afterSequence) {
    List<Long> heard = new ArrayList<>();
    events.subscribe(afterSequence, event -> heard.add(event.sequence()));
    return heard;
  }

  private static List<Long> numbers(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  @Test
  void listenerHearsWhatItMissedAndWhatFollows() {
    add(5);
    List<Long> all = listenFrom(0);
    List<Long> some = listenFrom(3);
    List<Long> none = listenFrom(5);
    add(2);

    assertThat(all).isEqualTo(numbers(1, 7));
    assertThat(some).isEqualTo(numbers(4, 7));
    assertThat(none).isEqualTo(numbers(6, 7));
  }

  @Test
  void numberThatNoEventHasHadIsTheSameAsNone() {
    add(5);
    List<Long> heard = listenFrom(6);
    add(2);

    assertThat(heard).isEqualTo(numbers(1, 7));
  }

  @Test
  void listenerThatHasLeftHearsNothing() {
    List<Long> heard = new ArrayList<>();
    SessionListener listener = event -> heard.add(event.sequence());
    events.subscribe(0, listener);
    add(1);
    events.unsubscribe(listener);
    add(1);

    assertThat(heard).containsExactly(1L);
  }

  @Test
  void listenerMayLeaveWhileItListens() {
    List<Long> heard = new ArrayList<>();
    SessionListener[] self = new SessionListener[1];
    self[0] =
        event -> {
          heard.add(event.sequence());
          events.unsubscribe(self[0]);
        };
    events.subscribe(0, self[0]);
    List<Long> other = listenFrom(0);
    add(2);

    assertThat(heard).containsExactly(1L);
    assertThat(other).containsExactly(1L, 2L);
  }

  @Test
  void listenerThatFailsNeitherStopsNorDeafensOthers() {
    events.subscribe(
        0,
        event -> {
          throw new AssertionError("expected by this test");
        });
    List<Long> heard = listenFrom(0);
    add(2);

    assertThat(heard).containsExactly(1L, 2L);
  }

  @Test
  void whatIsNoLongerRetainedShowsAsAGap() {
    add(2_500);

    assertThat(listenFrom(0)).isEqualTo(numbers(501, 2_500));
  }

  @Test
  void largeOutputsAreRetainedForLessLong() {
    StatementOutput large = new StreamText(StreamName.STDOUT, "x".repeat(6 << 20));
    for (int i = 0; i < 4; i++) {
      events.add(sequence -> new OutputAdded(sequence, STATEMENT, large));
      events.tell();
    }
    assertThat(listenFrom(0)).containsExactly(3L, 4L);

    add(1);
    assertThat(listenFrom(0)).containsExactly(3L, 4L, 5L);
  }
}
