package io.polybius.driver.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RProgramTest {

  private static final Map<String, String> VARIABLE = Map.of("SPARKR_DRIVER_R", "/opt/R");

  private static RProgram of(Map<String, String> settings, Map<String, String> environment) {
    return RProgram.of(name -> Optional.ofNullable(settings.get(name)), environment);
  }

  @Test
  void settingsComeBeforeTheEnvironmentAndThatBeforeThePath() {
    Map<String, String> both =
        Map.of("spark.r.shell.command", "shell", "spark.r.command", "Rscript");
    assertThat(of(both, VARIABLE)).isEqualTo(new RProgram("shell", "spark.r.shell.command"));
    assertThat(of(Map.of("spark.r.command", "Rscript"), VARIABLE).isScriptRunner()).isTrue();
    assertThat(of(Map.of("spark.r.command", " "), VARIABLE))
        .isEqualTo(new RProgram("/opt/R", "SPARKR_DRIVER_R"));
    assertThat(of(Map.of(), Map.of())).isEqualTo(new RProgram("R", ""));
  }

  @Test
  void programIsLookedForInTheFoldersOfThePath(@TempDir Path folder) throws Exception {
    Path program = Files.createFile(folder.resolve("R"));
    String path = "/nowhere" + File.pathSeparator + folder;
    assertThat(new RProgram("R", "").isOn(path)).isFalse();
    assertThat(program.toFile().setExecutable(true)).isTrue();
    assertThat(new RProgram("R", "").isOn(path)).isTrue();
    assertThat(new RProgram("R", "").isOn("")).isFalse();
    assertThat(new RProgram(program.toString(), "").isOn("")).isTrue();
    assertThat(new RProgram(folder.toString(), "").isOn(path)).isFalse();
  }
}
