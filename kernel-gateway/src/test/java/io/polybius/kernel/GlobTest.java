package io.polybius.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
class GlobTest {

  @ParameterizedTest
  @CsvSource({
    "'', '', true",
    "'', a, false",
    "*, '', true",
    "a*c, abbc, true",
    "a*c, abbcd, false",
    "*b*, abc, true",
    "a?c, abc, true",
    "a?c, ac, false",
    "[abc]x, bx, true",
    "[a-c]x, bx, true",
    "[!a-c]x, bx, false",
    "[^a-c]x, dx, true",
    "[]]x, ]x, true",
    "'[x', '[x', true",
    "a.c, abc, false",
    "?, \uD83D\uDE00, true",
  })
  void textMatchesAsInPython(String pattern, String text, boolean matches) {
    assertThat(new Glob(pattern).matches(text)).isEqualTo(matches);
  }

  @Test
  void linesArePartOfTheText() {
    assertThat(new Glob("a*d").matches("ab\ncd")).isTrue();
  }

  @Test
  void manyStarsTakeNoLongTime() {
    assertThat(new Glob("*a".repeat(50) + "*b").matches("a".repeat(20_000))).isFalse();
  }
}
