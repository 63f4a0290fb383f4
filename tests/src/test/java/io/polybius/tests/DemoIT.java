package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
    assertThat(elsewhere.resolve("kept")).doesNotExist();
    assertThat(ProcessHandle.allProcesses().map(Commands::commandLine))
        .noneMatch(commandLine -> commandLine.contains(folder.group()));
  }

  @Test
  void demoRunsANotebookOnAYarnOfItsOwnAndEndsThat() throws Exception {
    Commands.Result demo = run(Duration.ofMinutes(8), "demo", "--master=yarn", "sharing.ipynb");
    assertThat(demo.exitCode()).as(demo.output()).isZero();
    assertThat(demo.output())
        .contains("yarn in cluster mode", "farthest", "Everything ran")
        .containsPattern("application application_\\d+_0001, to be watched at http://");
    Matcher cluster = Pattern.compile("manager: http://127.0.0.1:(\\d+)").matcher(demo.output());
    assertThat(cluster.find()).isTrue();
    int port = Integer.parseInt(cluster.group(1));
    assertThatThrownBy(() -> new Socket("127.0.0.1", port).close())
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void demoSaysWhichOptionsDoNotFit() throws Exception {
    Commands.Result nowhere = run(Duration.ofMinutes(2), "demo", "--deploy-mode", "cluster");
    assertThat(nowhere.exitCode()).isNotZero();
    assertThat(nowhere.output()).contains("--master");
    Commands.Result elsewhere =
        run(Duration.ofMinutes(2), "demo", "--master", "spark://h:1", "--deploy-mode", "elsewhere");
    assertThat(elsewhere.exitCode()).isNotZero();
    assertThat(elsewhere.output()).contains("client or cluster, not elsewhere");
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

  private Commands.Result run(Duration timeout, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.add(0, Commands.POLYBIUS);
    return Commands.run(
        timeout,
        elsewhere,
        Map.of(
            "HADOOP_CONF_DIR",
            "",
            "YARN_CONF_DIR",
            "",
            // Those of a real server, with which the demo has nothing to do.
            "POLYBIUS_LIVY_SERVER_RECOVERY_MODE",
            "recovery",
            "POLYBIUS_LIVY_SERVER_RECOVERY_STATE_STORE_URL",
            elsewhere.resolve("kept").toString()),
        command);
  }
}
