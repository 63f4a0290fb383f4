package io.polybius.driver.interpreter.r;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RSettingsTest {

  private static final Path PROGRAM = Path.of("program.R");

  @TempDir private Path folder;
  private String path;

  @BeforeEach
  void makePrograms() throws Exception {
    for (String name : new String[] {"R", "Rscript"}) {
      Path program = Files.createFile(folder.resolve(name));
      assertThat(program.toFile().setExecutable(true)).isTrue();
    }
    path = folder.toString();
  }

  private static RSettings of(Map<String, String> variables) throws IOException {
    return RSettings.of(setting -> Optional.empty(), variables);
  }

  @Test
  void programGetsTheOptionsThatItTakes() throws Exception {
    assertThat(of(Map.of("PATH", path)).command(PROGRAM))
        .startsWith("R")
        .contains("--file=program.R");
    assertThat(of(Map.of("PATH", path, "SPARKR_DRIVER_R", "Rscript")).command(PROGRAM))
        .containsExactly("Rscript", "program.R");
  }

  @Test
  void missingProgramIsRefusedInWordsForItsUser() {
    assertThatThrownBy(() -> of(Map.of("PATH", "/nowhere")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no program R on the path");
  }

  @Test
  void lettersAreUtf8WhateverTheLocale() throws Exception {
    assertThat(of(Map.of("PATH", path)).environment()).containsEntry("LC_ALL", "C.UTF-8");
    assertThat(of(Map.of("PATH", path, "LANG", "de_DE.utf8")).environment())
        .doesNotContainKey("LC_ALL");
    assertThat(of(Map.of("PATH", path, "LANG", "de_DE.UTF-8", "LC_ALL", "C")).environment())
        .containsEntry("LC_ALL", "C.UTF-8");
  }

  @Test
  void sparkRIsFoundInTheSparkThatRunsBeforeOtherFolders() throws Exception {
    assertThat(of(Map.of("PATH", path, "SPARK_HOME", path)).environment())
        .doesNotContainKey("R_LIBS");
    Files.createDirectories(folder.resolve("R-home/R/lib/SparkR"));
    String home = folder.resolve("R-home").toString();
    assertThat(of(Map.of("PATH", path, "SPARK_HOME", home, "R_LIBS", "/other")).environment())
        .containsEntry("R_LIBS", home + "/R/lib" + File.pathSeparator + "/other");
  }
}
