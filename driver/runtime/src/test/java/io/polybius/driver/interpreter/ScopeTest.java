package io.polybius.driver.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ScopeTest {

  private final Scope scope = new Scope();

  private void addImport(String line) {
    scope.add(new Scope.Entry(line, Set.of(), Set.of(), true));
  }

  @Test
  void anImportThatEachCellRepeatsIsThereAtItsFirstAndItsLastPlace() {
    for (int i = 0; i < 500; i++) {
      addImport("import a._");
      addImport("import b._");
    }

    assertThat(scope.imports(Set.of()).lines().filter(line -> !line.contains("`{{`")))
        .containsExactly("import a._", "import b._", "import a._", "import b._");
  }
}
