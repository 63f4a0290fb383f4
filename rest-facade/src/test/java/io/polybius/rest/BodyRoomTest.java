package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BodyRoomTest {

  private final BodyRoom room = new BodyRoom(100);
  private final List<String> in = new ArrayList<>();

  private BodyRoom.Place take(int bytes, String name) {
    return room.take(bytes, () -> in.add(name));
  }

  @Test
  void bodiesThatFitComeInAtOnce() {
    take(60, "a");
    take(40, "b");

    assertThat(in).containsExactly("a", "b");
  }

  @Test
  void othersWaitInTheirOrder() {
    BodyRoom.Place first = take(60, "a");
    take(60, "b");
    take(10, "c");
    assertThat(in).containsExactly("a");

    first.close();
    first.close();
    assertThat(in).containsExactly("a", "b", "c");
    take(40, "d");
    assertThat(in).doesNotContain("d");
  }

  @Test
  void bodyThatIsShorterThanItMayBeGivesTheRestBack() {
    BodyRoom.Place first = take(100, "a");
    take(60, "b");
    first.shrink(50);
    assertThat(in).containsExactly("a");
    first.shrink(40);
    first.shrink(90);
    assertThat(in).containsExactly("a", "b");

    first.close();
    take(41, "c");
    assertThat(in).doesNotContain("c");
    take(40, "d");
    assertThat(in).doesNotContain("d");
  }

  @Test
  void whoGoesAwayWhileItWaitsLeavesItsPlace() {
    BodyRoom.Place first = take(60, "a");
    BodyRoom.Place gone = take(60, "b");
    take(40, "c");

    gone.close();
    assertThat(in).containsExactly("a", "c");
    first.close();
    assertThat(in).containsExactly("a", "c");
  }

  @Test
  void bodyThatIsLongerThanTheRoomHasItForItself() {
    BodyRoom.Place small = take(1, "small");
    BodyRoom.Place large = take(1000, "large");
    assertThat(in).containsExactly("small");

    small.close();
    assertThat(in).containsExactly("small", "large");
    take(1, "next");
    large.close();
    assertThat(in).containsExactly("small", "large", "next");
  }
}
