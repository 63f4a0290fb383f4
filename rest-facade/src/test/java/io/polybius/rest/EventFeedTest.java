package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.rest.EventFeed.Item;
import io.polybius.session.ErrorCode;
import io.polybius.session.Kind;
import io.polybius.session.Origin;
import io.polybius.session.Outputs;
import io.polybius.session.SessionEvent;
import io.polybius.session.SessionException;
import io.polybius.session.SessionListener;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.SessionState;
import io.polybius.session.Statement;
import io.polybius.session.StatementState;
import io.polybius.session.Subscription;
import io.polybius.session.TaskProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A reader gets everything, however slow it is, and little waits for it. */
@Timeout(20)
class EventFeedTest {

  private static final Statement STATEMENT =
      new Statement(
          0,
          Kind.SPARK,
          "x",
          Origin.REST,
          StatementState.RUNNING,
          Outputs.NONE,
          Optional.empty(),
          TaskProgress.NONE,
          1,
          0,
          ExecuteOptions.PLAIN,
          List.of());

  private final Events events = new Events();
  private final EventFeed feed = new EventFeed(events, new EventSubject.WholeSession(), 0);

  /** A session that keeps the events that it is told to keep, and tells them at once. */
  private static final class Events implements EventFeed.Source {

    private final List<SessionEvent> kept = new ArrayList<>();
    private final List<SessionListener> listeners = new ArrayList<>();
    private long last;
    private boolean gone;
    private int told;

    void happen(int count) {
      for (int i = 0; i < count; i++) {
        SessionEvent event =
            new SessionEvent.OutputAdded(
                ++last, STATEMENT, new StatementOutput.StreamText(StreamName.STDOUT, "x"));
        kept.add(event);
        for (SessionListener listener : List.copyOf(listeners)) {
          told++;
          listener.onEvent(event);
        }
      }
    }

    void forgetUpTo(long sequence) {
      kept.removeIf(event -> event.sequence() <= sequence);
    }

    @Override
    public Subscription follow(long afterSequence, SessionListener listener) {
      if (gone) {
        throw new SessionException(ErrorCode.SESSION_NOT_FOUND, "gone");
      }
      for (SessionEvent event : kept) {
        if (event.sequence() > afterSequence) {
          listener.onEvent(event);
        }
      }
      listeners.add(listener);
      listener.onCaughtUp(
          last,
          new SessionSnapshot(
              0,
              SessionSettings.of(Kind.SPARK),
              Optional.empty(),
              SessionState.BUSY,
              Optional.empty(),
              Optional.empty(),
              1,
              0,
              List.of(STATEMENT),
              List.of(),
              0));
      return () -> listeners.remove(listener);
    }

    @Override
    public void showPresence() {}
  }

  private List<Long> takeAll() {
    List<Long> taken = new ArrayList<>();
    for (Optional<Item> item = feed.next(); item.isPresent(); item = feed.next()) {
      taken.add(item.get().sequence());
    }
    return taken;
  }

  private static List<Long> numbers(long from, long to) {
    return LongStream.rangeClosed(from, to).boxed().toList();
  }

  @Test
  void slowReaderIsToldTheRestWhenItHasTakenWhatWaits() {
    feed.open();
    events.happen(1000);

    assertThat(events.told).isLessThan(200);
    assertThat(events.listeners).isEmpty();
    assertThat(takeAll()).isEqualTo(numbers(1, 1000));
    assertThat(events.listeners).hasSize(1);
    events.happen(3);
    assertThat(takeAll()).isEqualTo(numbers(1001, 1003));
  }

  @Test
  void manyKeptEventsAreTakenBitByBit() {
    events.happen(1000);
    feed.open();

    assertThat(takeAll()).isEqualTo(numbers(1, 1000));
    assertThat(events.listeners).hasSize(1);
  }

  @Test
  void whatWasForgottenWhileTheReaderWasBehindIsAGap() {
    feed.open();
    events.happen(500);
    events.forgetUpTo(300);

    List<Item> items = new ArrayList<>();
    for (Optional<Item> item = feed.next(); item.isPresent(); item = feed.next()) {
      items.add(item.get());
    }

    int first = items.indexOf(new Item.Gap(first(items), 300));
    assertThat(first).isPositive();
    assertThat(items.subList(0, first)).extracting(Item::sequence).isEqualTo(numbers(1, first));
    assertThat(items.subList(first + 1, items.size()))
        .extracting(Item::sequence)
        .isEqualTo(numbers(301, 500));
  }

  private static long first(List<Item> items) {
    return items.stream()
        .filter(item -> item instanceof Item.Gap)
        .map(item -> ((Item.Gap) item).from())
        .findFirst()
        .orElse(-1L);
  }

  @Test
  void readerIsWokenForWhatComesAndOnlyForThat() {
    List<String> woken = new ArrayList<>();
    feed.open();
    feed.setReader(() -> woken.add("woken"));

    events.happen(1);
    assertThat(woken).hasSize(1);
    assertThat(takeAll()).containsExactly(1L);
    assertThat(takeAll()).isEmpty();
    assertThat(woken).hasSize(1);
  }

  @Test
  void closedFeedTellsNothingMoreAndFollowsNoMore() {
    feed.open();
    events.happen(3);

    feed.close();
    events.happen(1);

    assertThat(events.listeners).isEmpty();
    assertThat(takeAll()).isEmpty();
    assertThat(feed.isOver()).isTrue();
    assertThat(events.listeners).isEmpty();
  }

  @Test
  void sessionThatIsGoneEndsTheFeedOfAReaderThatWasBehind() {
    feed.open();
    events.happen(1000);
    events.gone = true;

    assertThat(takeAll()).isNotEmpty();
    assertThat(feed.isOver()).isTrue();
  }
}
