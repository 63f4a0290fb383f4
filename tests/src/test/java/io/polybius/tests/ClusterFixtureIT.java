package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A cluster that was started by hand; that of YARN is used by {@link YarnIT}. */
@Timeout(300)
class ClusterFixtureIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** What Spark asks for by itself, but not for drivers in a standalone cluster. */
  private static final String OPENED =
      "--add-opens=java.base/java.lang.invoke=ALL-UNNAMED"
          + " --add-opens=java.base/java.nio=ALL-UNNAMED"
          + " --add-opens=java.base/java.util=ALL-UNNAMED"
          + " --add-opens=java.base/sun.nio.ch=ALL-UNNAMED";

  private static final String LASTING =
      """
      import java.nio.file.*;
      import org.apache.spark.sql.SparkSession;

      public class Lasting {
        public static void main(String[] arguments) throws Exception {
          SparkSession spark = SparkSession.builder().getOrCreate();
          Files.writeString(Path.of(arguments[0]), spark.range(0, 10, 1, 2).count() + " rows");
          for (int i = 0; i < 1200 && Files.notExists(Path.of(arguments[1])); i++) {
            Thread.sleep(100);
          }
          spark.stop();
        }
      }
      """;

  @TempDir private Path folder;

  @Test
  void aStandaloneClusterEndsWithTheProcessThatHasStartedItAndWithItsApplications()
      throws Exception {
    Path printed = folder.resolve("printed");
    ProcessBuilder command =
        new ProcessBuilder(Commands.POLYBIUS, "cluster", "standalone")
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile());
    command.environment().remove("SPARK_HOME");
    Process cluster = command.start();
    try {
      Pattern ready = Pattern.compile("livy.spark.master = (spark://\\S+)\n(.*\n){2}");
      patiently()
          .until(() -> !cluster.isAlive() || ready.matcher(Files.readString(printed)).find());
      Matcher master = ready.matcher(Files.readString(printed));
      assertThat(master.find()).as(Files.readString(printed)).isTrue();
      submit(master.group(1), SparkJob.jar(folder, "Lasting", LASTING).toString());
      awaitFile();
      Path files = filesOf(cluster);
      // The guard, the master, the worker, the driver, and at least one executor.
      assertThat(processesOf(files)).hasSizeGreaterThanOrEqualTo(5);
      cluster.destroyForcibly();
      patiently().until(() -> processesOf(files).isEmpty() && Files.notExists(files));
    } finally {
      // Its guard does the rest.
      cluster.destroyForcibly();
    }
  }

  private static Path filesOf(Process cluster) {
    return cluster
        .children()
        .map(child -> Pattern.compile("/\\S*/polybius-standalone-\\d+").matcher(commandLine(child)))
        .filter(Matcher::find)
        .map(matcher -> Path.of(matcher.group()))
        .findFirst()
        .orElseThrow();
  }

  private static String commandLine(ProcessHandle process) {
    return Commands.commandLine(process);
  }

  /** Submits the program to run in the cluster, where it lasts until the test makes a file. */
  private void submit(String master, String jar) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    command.add(SparkJob.SPARK);
    command.addAll(List.of("org.apache.spark.deploy.SparkSubmit", "--master", master));
    command.addAll(List.of("--deploy-mode", "cluster", "--class", "Lasting"));
    command.addAll(List.of("--driver-memory", "512m", "--executor-memory", "512m"));
    command.addAll(List.of("--total-executor-cores", "1"));
    command.addAll(List.of("--conf", "spark.driver.extraJavaOptions=" + OPENED));
    command.add(jar);
    command.add(folder.resolve("begun").toString());
    command.add(folder.resolve("end").toString());
    Commands.Result submitted = Commands.run(PATIENCE, folder, Map.of(), command);
    assertThat(submitted.exitCode()).as(submitted.output()).isZero();
  }

  private void awaitFile() throws IOException {
    Path file = folder.resolve("begun");
    patiently().until(() -> Files.exists(file) && Files.size(file) > 0);
    assertThat(Files.readString(file, StandardCharsets.UTF_8)).isEqualTo("10 rows");
  }

  private static ConditionFactory patiently() {
    return await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200));
  }

  private static List<ProcessHandle> processesOf(Path files) {
    return ProcessHandle.allProcesses()
        .filter(process -> commandLine(process).contains(files.toString()))
        .toList();
  }
}
