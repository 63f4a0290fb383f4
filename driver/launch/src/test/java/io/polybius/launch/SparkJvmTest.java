package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SparkJvmTest {

  @Test
  void memoryIsSaidInTheWordsOfTheJvm() {
    for (List<String> each :
        List.of(List.of("2g", "2g"), List.of(" 512MB ", "512m"), List.of("900", "900m"))) {
      assertThat(SparkJvm.memory(Map.of("spark.driver.memory", each.get(0))))
          .isEqualTo(each.get(1));
    }
    assertThat(SparkJvm.memory(Map.of())).isEqualTo("1g");
  }

  @Test
  void optionsAreTakenApartAtBlanksThatAreNotWithinQuotes() {
    assertThat(asked(" -Da=1\t-Db=\"2 3\"  '-Dc=4 \"5\\n' -Dd=\"\\\"6\\\\\" -De=7\\ 8 '' "))
        .containsExactly("-Da=1", "-Db=2 3", "-Dc=4 \"5\\n", "-Dd=\"6\\", "-De=7 8", "");
    assertThat(asked("  ")).isEmpty();
  }

  @Test
  void aWordIsTakenApartIntoItself() {
    String word = "a \"b\" \\ 'c'";
    assertThat(asked(SparkJvm.asWord(word) + " d")).containsExactly(word, "d");
  }

  @Test
  void optionsOfTheAdministratorComeFirst() {
    assertThat(
            SparkJvm.askedOptions(
                Map.of(
                    "spark.driver.extraJavaOptions", "-Dx=2",
                    "spark.driver.defaultJavaOptions", "-Dx=1")))
        .containsExactly("-Dx=1", "-Dx=2");
  }

  private static List<String> asked(String text) {
    return SparkJvm.askedOptions(Map.of("spark.driver.extraJavaOptions", text));
  }
}
