package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultRoomTest {

  private final ResultRoom room = new ResultRoom(100);

  /** Gives up at once. */
  private final class Results implements ResultRoom.Holder {

    final Deque<Integer> all = new ArrayDeque<>();

    void add(int bytes) {
      all.add(bytes);
      tell();
    }

    void tell() {
      room.holds(this, all.stream().mapToInt(Integer::intValue).sum());
    }

    @Override
    public void giveUpOldest() {
      if (room.isOverfull()) {
        all.remove();
        tell();
      }
    }
  }

  @Test
  void whoHoldsMostGivesUpItsOldestUntilThereIsRoom() {
    Results small = new Results();
    Results large = new Results();
    small.add(10);
    large.add(30);
    large.add(35);
    large.add(20);
    assertThat(large.all).hasSize(3);

    small.add(50);
    assertThat(List.copyOf(small.all)).containsExactly(50);
    assertThat(List.copyOf(large.all)).containsExactly(20);
    assertThat(room.isOverfull()).isFalse();
  }

  @Test
  void whatIsNoLongerHeldMakesRoom() {
    Results gone = new Results();
    gone.add(90);
    room.holds(gone, 0);
    Results next = new Results();
    next.add(100);
    assertThat(List.copyOf(next.all)).containsExactly(100);
  }
}
