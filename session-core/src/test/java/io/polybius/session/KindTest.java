package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KindTest {

  @Test
  void kindsOfLivyAreFoundByNameAndAlias() {
    assertThat(Kind.find("spark")).contains(Kind.SPARK);
    assertThat(Kind.find("scala")).contains(Kind.SPARK);
    assertThat(Kind.find("python3")).contains(Kind.PYSPARK);
    assertThat(Kind.LIVY)
        .containsExactly(Kind.SPARK, Kind.PYSPARK, Kind.SPARKR, Kind.SQL, Kind.SHARED)
        .allMatch(kind -> kind.jupyterKernel().isEmpty());
  }

  @Test
  void jupyterKernelsAreKindsInLowerCase() {
    Kind bash = Kind.find("jupyter:Bash").orElseThrow();

    assertThat(bash)
        .isEqualTo(Kind.ofJupyterKernel("bash").orElseThrow())
        .hasToString("jupyter:bash");
    assertThat(bash.jupyterKernel()).contains("bash");
    assertThat(Kind.find("jupyter:xcpp17-1.2_x")).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Spark", "jupyter", "jupyter:", "jupyter:a b", "jupyter:../x", "bash"})
  void othersAreNone(String name) {
    assertThat(Kind.find(name)).isEmpty();
    assertThatThrownBy(() -> new Kind(name)).isInstanceOf(IllegalArgumentException.class);
  }
}
