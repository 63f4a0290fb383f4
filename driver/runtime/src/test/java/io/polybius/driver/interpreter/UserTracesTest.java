package io.polybius.driver.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.interpreter.UserTraces.Place;
import org.junit.jupiter.api.Test;

/** Where the compiler's complaints are, in the eyes of the user. */
class UserTracesTest {

  @Test
  void complaintAboutCodeThatIsNotTheUsersHasNoLine() {
    Place place = new Place(UserTraces.Cell.of("val a = 1\nval b = a", 1), -30);

    assertThat(UserTraces.ofCompiler("<console>:7: error: no space left on device", place))
        .containsExactly("error: no space left on device");
    assertThat(UserTraces.ofCompiler("<console>:32: error: not found", place))
        .containsExactly("cell line 2: error: not found");
  }
}
