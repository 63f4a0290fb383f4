package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JobRoomTest {

  @Test
  void roomIsTakenUntilThereIsNoneAndGivenBack() {
    JobRoom room = new JobRoom(100);

    assertThat(room.take(60)).isTrue();
    assertThat(room.take(41)).isFalse();
    assertThat(room.take(40)).isTrue();
    assertThat(room.take(1)).isFalse();
    room.free(60);
    assertThat(room.take(60)).isTrue();
  }

  @Test
  void whatIsThereAnywayLeavesLessForOthers() {
    JobRoom room = new JobRoom(100);
    room.takeAnyway(150);

    assertThat(room.take(1)).isFalse();
    room.free(150);
    assertThat(room.take(100)).isTrue();
  }
}
