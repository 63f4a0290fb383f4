package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.BatchSettings;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.BatchSpec;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningBatch;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens around spark-submit; that itself is tested with real Sparks. */
@Timeout(120)
class SparkSubmitLauncherTest {

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static final List<String> ODD_ARGUMENTS =
      List.of(
          "",
          "a b",
          "  c  ",
          "'d'",
          "\"e\"",
          "$HOME `f` !g",
          "@h",
          "@@i",
          "\\j\\",
          "k\nl\tm",
          "ünïcödé €😀",
          "# n",
          "*",
          "--class",
          "--conf",
          "-Xmx1m",
          "o=p",
          "");

  /** What a Spark has to offer for submitting. */
  enum Way {
    SCRIPT,
    JARS_ONLY
  }

  @TempDir private Path folder;

  private final ProcessLog log = new ProcessLog();
  private TestingSpark spark;

  @BeforeEach
  void makeSpark() throws Exception {
    spark = TestingSpark.in(folder);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void argumentsArriveAsTheyAre(Way way) throws Exception {
    record(way);
    BatchSettings settings =
        new BatchSettings(
            "/jobs/a b.jar", Optional.of("a.Main"), ODD_ARGUMENTS, ApplicationSettings.NONE);
    assertThat(run(settings)).isEqualTo(new RunningBatch.End(true, "exit code 0"));
    List<String> arguments = TestingSpark.texts(folder.resolve("arguments"));
    assertThat(arguments.get(0)).isEqualTo("--properties-file");
    assertThat(arguments.subList(2, 5)).containsExactly("--class", "a.Main", "/jobs/a b.jar");
    assertThat(arguments.subList(5, arguments.size())).isEqualTo(ODD_ARGUMENTS);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void settingsAreInAFileThatOnlyTheOwnerCanRead(Way way) throws Exception {
    record(way);
    Files.createDirectories(spark.home().resolve("conf"));
    Files.writeString(
        spark.home().resolve("conf/spark-defaults.conf"), "spark.a default\nspark.b default\n");
    Map<String, String> conf =
        Map.of(
            "spark.b", "conf",
            "spark.secret", "hush-1",
            "spark.odd", "c:\\d=e\n f # ünï€😀",
            "spark.submit.deployMode", "cluster",
            "other.key", "1");
    try (SparkSubmitLauncher launcher = TestingSpark.submitLauncher(spark.settings("local[2]"))) {
      Files.createFile(folder.resolve("wait"));
      // Spark's script leaves no other way for the program's own arguments.
      List<String> arguments = way == Way.SCRIPT ? List.of() : List.of("hush-2");
      RunningBatch batch =
          launcher.launch(
              new BatchSpec(
                  7,
                  new BatchSettings(
                      "/a.jar",
                      Optional.empty(),
                      arguments,
                      ApplicationSettings.NONE.withConf(conf))),
              log);
      await().atMost(PATIENCE).until(() -> lines(log).contains("recorded"));
      for (Path file : files()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .as(file.toString())
            .isEqualTo("rw-------");
      }
      assertThat(
              ProcessHandle.current()
                  .descendants()
                  .flatMap(child -> child.info().commandLine().stream()))
          .isNotEmpty()
          .noneMatch(line -> line.contains("hush"));
      batch.kill();
      assertThat(end(batch)).isEqualTo(new RunningBatch.End(false, "exit code 137 (signal 9)"));
      assertThat(files()).isEmpty();
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(folder.resolve("properties"))) {
      properties.load(reader);
    }
    assertThat(properties)
        .isEqualTo(
            Map.of(
                "spark.a", "default",
                "spark.b", "conf",
                "spark.secret", "hush-1",
                "spark.odd", "c:\\d=e\n f # ünï€😀",
                "spark.master", "local[2]",
                "spark.submit.deployMode", "client"));
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void theProcessHasADirectoryOfItsOwn(Way way) throws Exception {
    record(way);
    run(file("/a.jar", ApplicationSettings.NONE));
    Map<String, String> environment = environment();
    String directory = environment.get("TMPDIR");
    assertThat(Path.of(directory).getParent().toRealPath())
        .isEqualTo(folder.resolve("work").toRealPath());
    assertThat(Path.of(directory).getFileName().toString()).startsWith("batch-7-");
    assertThat(environment)
        .containsEntry("SPARK_HOME", spark.home().toString())
        .containsEntry("SPARK_LOCAL_DIRS", directory + "/spark")
        .containsEntry("PYTHONHASHSEED", "0")
        .containsKey("SPARK_LOCAL_IP");
    assertThat(Path.of(environment.get("PWD")).getFileName().toString()).isEqualTo("work");
    if (way == Way.SCRIPT) {
      assertThat(environment)
          .containsEntry("JAVA_HOME", System.getProperty("java.home"))
          .containsEntry("SPARK_SUBMIT_OPTS", "\"-Djava.io.tmpdir=" + directory + "\"");
    }
    assertThat(Path.of(directory)).doesNotExist();
  }

  @Test
  void withoutAScriptTheJvmGetsWhatTheSettingsAskFor() throws Exception {
    record(Way.JARS_ONLY);
    run(
        file(
            "/a.jar",
            ApplicationSettings.NONE.withConf(
                Map.of(
                    "spark.driver.memory", "300m",
                    "spark.driver.extraClassPath", "/extra/*:/more",
                    "spark.driver.extraJavaOptions", "-Dpassword=\"hush 2\""))));
    Map<String, String> properties = environment();
    assertThat(properties).containsEntry("password", "hush 2");
    assertThat(Integer.parseInt(properties.get("megabytes"))).isBetween(250, 300);
    assertThat(properties.get("java.class.path"))
        .startsWith("/extra/*:/more:" + spark.home().resolve("conf") + ":" + spark.home())
        .contains("spark-core_2.12-3.5.5.jar");
    assertThat(properties.get("java.io.tmpdir")).isEqualTo(properties.get("TMPDIR"));
  }

  @Test
  void whatItPrintsIsOneStreamAndItsExitCodeIsTold() throws Exception {
    spark.submitBy("echo out; echo err >&2; echo more; exit 3");
    assertThat(run(file("/a.jar", ApplicationSettings.NONE)))
        .isEqualTo(new RunningBatch.End(false, "exit code 3"));
    assertThat(lines(log)).containsExactly("stdout: ", "out", "err", "more", "\nstderr: ");
    assertThat(files()).isEmpty();
  }

  @Test
  void killEndsAllThatItHasStarted() throws Exception {
    spark.submitBy("sh -c 'sleep 600 & echo $!; wait' & echo $!; wait");
    try (SparkSubmitLauncher launcher = TestingSpark.submitLauncher(spark.settings("local"))) {
      RunningBatch batch =
          launcher.launch(new BatchSpec(0, file("/a.jar", ApplicationSettings.NONE)), log);
      await().atMost(PATIENCE).until(() -> lines(log).size() == 4);
      List<ProcessHandle> children = processes(lines(log).subList(1, 3));
      assertThat(children).hasSize(2);
      batch.kill();
      assertThat(end(batch)).isEqualTo(new RunningBatch.End(false, "exit code 137 (signal 9)"));
      awaitEnd(children);
      assertThat(files()).isEmpty();
      batch.kill();
    }
  }

  @Test
  void closingEndsWhatStillRuns() throws Exception {
    spark.submitBy("sleep 600");
    RunningBatch batch;
    try (SparkSubmitLauncher launcher = TestingSpark.submitLauncher(spark.settings("local"))) {
      batch = launcher.launch(new BatchSpec(0, file("/a.jar", ApplicationSettings.NONE)), log);
    }
    assertThat(end(batch).succeeded()).isFalse();
    assertThat(ProcessHandle.current().descendants().map(ProcessHandle::info))
        .noneMatch(info -> info.commandLine().orElse("").contains("ProcessGuardMain"));
  }

  @Test
  void aKilledServerLeavesNoBatchBehind() throws Exception {
    spark.submitBy(
        "(sleep 600 & echo $! >>"
            + folder
            + "/pids); sleep 600 & echo $! >>"
            + folder
            + "/pids; echo $$ >>"
            + folder
            + "/pids; wait");
    Process server = ServerToKill.start(folder, Map.of());
    try {
      await()
          .atMost(PATIENCE)
          .until(() -> Files.exists(folder.resolve("pids")) && pids().size() == 3);
      // Its guard learns of a batch right after the batch has begun.
      await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve(ServerToKill.LAUNCHED)));
      List<ProcessHandle> batch = processes(pids());
      assertThat(batch).hasSize(3);
      server.destroyForcibly();
      awaitEnd(batch);
      await().atMost(PATIENCE).until(() -> files().isEmpty());
    } finally {
      server.destroyForcibly();
    }
  }

  @Test
  void aGuardThatWasKilledIsReplaced() throws Exception {
    spark.submitBy("echo $$; sleep 600");
    ProcessLog secondLog = new ProcessLog();
    RunningBatch first;
    try (SparkSubmitLauncher launcher = TestingSpark.submitLauncher(spark.settings("local"))) {
      first = launcher.launch(new BatchSpec(0, file("/a.jar", ApplicationSettings.NONE)), log);
      await().atMost(PATIENCE).until(() -> lines(log).size() == 3);
      ProcessHandle guard =
          ProcessHandle.current()
              .children()
              .filter(child -> child.info().commandLine().orElse("").contains("ProcessGuardMain"))
              .findFirst()
              .orElseThrow();
      guard.destroyForcibly();
      await().atMost(PATIENCE).until(() -> !guard.isAlive());
      launcher.launch(new BatchSpec(1, file("/b.jar", ApplicationSettings.NONE)), secondLog);
      await().atMost(PATIENCE).until(() -> lines(secondLog).size() == 3);
    }
    assertThat(end(first).succeeded()).isFalse();
    awaitEnd(processes(List.of(lines(log).get(1), lines(secondLog).get(1))));
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  @EnabledOnOs(OS.LINUX)
  void allLettersArriveWhateverTheLocaleOfTheServerIs(Way way) throws Exception {
    record(way);
    Process server = ServerToKill.start(folder, Map.of("LC_ALL", "C"));
    try {
      await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("recorded")));
      assertThat(TestingSpark.texts(folder.resolve("arguments")))
          .endsWith(ServerToKill.ALL_LETTERS);
    } finally {
      server.destroy();
      server.waitFor();
    }
  }

  @Test
  void whatCannotRunIsRefusedAndLeavesNothing() throws Exception {
    BatchSettings jar = file("/a.jar", ApplicationSettings.NONE);
    assertRefused(spark.settings("yarn"), jar, "There is no cluster yarn.");
    assertRefused(
        spark.settings("mesos://h:1"), jar, "mesos://h:1, which is no master that can be used");
    LaunchSettings settings = spark.settings("local");
    assertRefused(settings, file("/a.py", ApplicationSettings.NONE), "Install the pyspark package");
    assertRefused(settings, file("--master", ApplicationSettings.NONE), "dash");
    assertRefused(
        spark.clusterSettings("spark://h:1"),
        file("/a.py", ApplicationSettings.NONE),
        "in client mode only");
    assertRefused(
        settings,
        new BatchSettings("/a.jar", Optional.empty(), List.of("a\0b"), ApplicationSettings.NONE),
        "NUL");
    Files.createFile(folder.resolve("work"));
    assertRefused(settings, jar, "could not be started");
    Files.delete(folder.resolve("work"));
    Files.createDirectories(spark.home().resolve("conf"));
    Files.writeString(spark.home().resolve("conf/spark-defaults.conf"), "spark.a \\uNONE");
    assertRefused(settings, jar, "spark-defaults.conf cannot be read");
  }

  @Test
  void pythonFilesRunWhereSparkHasItsPythonSide() throws Exception {
    record(Way.SCRIPT);
    Files.createDirectories(spark.home().resolve("python/lib"));
    Files.createFile(spark.home().resolve("python/lib/pyspark.zip"));
    assertThat(run(file("/a.py", ApplicationSettings.NONE)).succeeded()).isTrue();
    assertThat(TestingSpark.texts(folder.resolve("arguments"))).endsWith("/a.py");
  }

  /** Makes spark-submit write down what it is given. */
  private void record(Way way) throws IOException {
    if (way == Way.SCRIPT) {
      spark.submitBy(
          """
          cd_folder='FOLDER'
          printf '%s\\0' "$@" >"$cd_folder/arguments"
          env >"$cd_folder/environment"
          cp "$2" "$cd_folder/properties"
          touch "$cd_folder/recorded"
          echo recorded
          if [ -e "$cd_folder/wait" ]; then sleep 600; fi
          """
              .replace("FOLDER", folder.toString()));
      return;
    }
    TestingSpark.writeJar(
        spark.home().resolve("jars/spark-core_2.12-3.5.5.jar"),
        "org.apache.spark.deploy.SparkSubmit",
        """
        package org.apache.spark.deploy;
        import java.nio.file.*;
        import java.util.*;
        class SparkSubmit {
          public static void main(String[] arguments) throws Exception {
            Path folder = Path.of("FOLDER");
            StringBuilder all = new StringBuilder();
            for (String argument : arguments) {
              all.append(argument).append('\\0');
            }
            Files.writeString(folder.resolve("arguments"), all);
            StringBuilder environment = new StringBuilder();
            Map<Object, Object> values = new TreeMap<>(System.getenv());
            values.putAll(System.getProperties());
            values.put("megabytes", Runtime.getRuntime().maxMemory() >> 20);
            values.put("PWD", System.getProperty("user.dir"));
            values.forEach((key, value) -> environment.append(key + "=" + value + "\\n"));
            Files.writeString(folder.resolve("environment"), environment);
            Files.copy(Path.of(arguments[1]), folder.resolve("properties"));
            Files.createFile(folder.resolve("recorded"));
            System.out.println("recorded");
            if (Files.exists(folder.resolve("wait"))) {
              Thread.sleep(600_000);
            }
          }
        }
        """
            .replace("FOLDER", folder.toString()));
  }

  private RunningBatch.End run(BatchSettings settings) throws Exception {
    try (SparkSubmitLauncher launcher = TestingSpark.submitLauncher(spark.settings("local"))) {
      RunningBatch.End end = end(launcher.launch(new BatchSpec(7, settings), log));
      assertThat(files()).isEmpty();
      return end;
    }
  }

  private void assertRefused(LaunchSettings settings, BatchSettings batch, String message)
      throws Exception {
    try (SparkSubmitLauncher launcher = TestingSpark.submitLauncher(settings)) {
      assertThatThrownBy(() -> launcher.launch(new BatchSpec(0, batch), log))
          .isInstanceOf(LaunchException.class)
          .hasMessageContaining(message);
    }
    if (Files.isDirectory(settings.workDirectory())) {
      assertThat(settings.workDirectory()).isEmptyDirectory();
    }
  }

  private static BatchSettings file(String file, ApplicationSettings application) {
    return new BatchSettings(file, Optional.empty(), List.of(), application);
  }

  private static RunningBatch.End end(RunningBatch batch) throws Exception {
    return batch.ended().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private Map<String, String> environment() throws IOException {
    return Files.readAllLines(folder.resolve("environment")).stream()
        .filter(line -> line.contains("="))
        .map(line -> line.split("=", 2))
        .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1], (first, second) -> second));
  }

  private List<String> pids() throws IOException {
    return Files.readAllLines(folder.resolve("pids"));
  }

  private static List<ProcessHandle> processes(List<String> pids) {
    return pids.stream().flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)).stream()).toList();
  }

  private static void awaitEnd(List<ProcessHandle> processes) {
    await().atMost(PATIENCE).until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
  }

  private List<Path> files() throws IOException {
    if (!Files.exists(folder.resolve("work"))) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(folder.resolve("work"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static List<String> lines(ProcessLog log) {
    return log.page(0, -1).lines();
  }
}
