package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands of README.md and those that say something about this machine. */
@Timeout(600)
class DemoIT {

  @TempDir private Path elsewhere;

  @Test
  void demoRunsTheNotebooksAndShowsBothDoors() throws Exception {
    Commands.Result demo = run(Duration.ofMinutes(8), "demo");
    assertThat(demo.exitCode()).as(demo.output()).isZero();
    assertThat(demo.output()).contains("quick-start").contains("/statements");
    // The folder of this run is in its drivers' command lines.
    Matcher folder = Pattern.compile("/\\S*/polybius-\\d+/").matcher(demo.output());
    assertThat(folder.find()).isTrue();
    assertThat(Path.of(folder.group())).doesNotExist();
    assertThat(ProcessHandle.allProcesses().map(Commands::commandLine))
        .noneMatch(commandLine -> commandLine.contains(folder.group()));
  }

  @Test
  void doctorNamesTheSparkThatWouldBeUsed() throws Exception {
    Commands.Result doctor = run(Duration.ofMinutes(2), "doctor");
    assertThat(doctor.exitCode()).as(doctor.output()).isZero();
    assertThat(doctor.output()).contains("SPARK_HOME", "embedded", "3.5.5");
  }

  @Test
  void aWrongSparkHomeIsNamedByTheDoctor() throws Exception {
    Commands.Result doctor =
        Commands.run(
            Duration.ofMinutes(2),
            elsewhere,
            Map.of("SPARK_HOME", elsewhere.toString()),
            List.of(Commands.POLYBIUS, "doctor"));
    assertThat(doctor.exitCode()).isNotZero();
    assertThat(doctor.output()).contains(elsewhere.toString());
  }

  private Commands.Result run(Duration timeout, String command) throws Exception {
    return Commands.run(timeout, elsewhere, Map.of(), List.of(Commands.POLYBIUS, command));
  }
}
