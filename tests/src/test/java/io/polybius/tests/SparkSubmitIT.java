package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.launch.ClusterSettings;
import io.polybius.launch.LaunchSettings;
import io.polybius.launch.SparkFinder;
import io.polybius.launch.SparkSubmitLauncher;
import io.polybius.launch.Submitter;
import io.polybius.server.Installation;
import io.polybius.session.ApplicationSettings;
import io.polybius.session.BatchSettings;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.BatchSpec;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.RunningBatch;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches on real Sparks. */
@Timeout(300)
class SparkSubmitIT {

  private static final Path EMBEDDED = Installation.at(Commands.HOME).embeddedSpark();
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> ODD_ARGUMENTS =
      List.of("", "a \"b\" 'c' \\d\\", "@e", "f\ng", "ünï€😀", "--conf", "");
  private static final String ODD_VALUE = "c:\\d=e\nünï€😀";

  /** Where the Spark is. */
  enum Place {
    EMBEDDED,
    PYSPARK_PACKAGE
  }

  @TempDir private Path folder;

  private final ProcessLog log = new ProcessLog();

  @AfterEach
  void deleteLinks() throws IOException {
    // JUnit warns of links that lead out of its folder.
    Files.deleteIfExists(folder.resolve("spark/jars"));
    Files.deleteIfExists(folder.resolve("spark/python"));
  }

  @ParameterizedTest
  @EnumSource
  void aJarRunsWithItsArgumentsAndSettings(Place place) throws Exception {
    Path jar = writeJar();
    RunningBatch.End end =
        run(
            place,
            new BatchSettings(
                jar.toString(),
                Optional.of("Pi"),
                ODD_ARGUMENTS,
                ApplicationSettings.NONE.withConf(Map.of("spark.odd", ODD_VALUE))));
    assertThat(end).as(output()).isEqualTo(new RunningBatch.End(true, "exit code 0"));
    List<String> values = printed();
    assertThat(Double.parseDouble(values.get(0))).isBetween(2.8, 3.5);
    assertThat(values.subList(1, values.size() - 2))
        .isEqualTo(ODD_ARGUMENTS.stream().map(SparkSubmitIT::escaped).toList());
    assertThat(values.get(values.size() - 2)).isEqualTo(escaped(ODD_VALUE));
    assertThat(values.get(values.size() - 1)).isEqualTo("local[2]");
    assertThat(output()).as("standard error").contains("SparkContext");
  }

  @ParameterizedTest
  @EnumSource
  void aPythonFileRunsWithItsModulesAndItsExitCodeIsTold(Place place) throws Exception {
    assumePython(place);
    Path module = folder.resolve("squares.py");
    Files.writeString(module, "def square(n):\n    return n * n\n");
    Path file = folder.resolve("main.py");
    Files.writeString(
        file,
        """
        import sys
        from pyspark.sql import SparkSession
        from squares import square

        spark = SparkSession.builder.getOrCreate()
        numbers = spark.sparkContext.parallelize(range(10), 4)
        print("> %d" % numbers.map(square).sum())
        print("> %d" % spark.range(5).selectExpr("sum(id)").first()[0])
        print("> %s" % ascii(sys.argv[1:]))
        print("> %s" % ascii(spark.conf.get("spark.odd")))
        sys.exit(3)
        """);
    ApplicationSettings application =
        ApplicationSettings.NONE.with(
            List.of(),
            List.of(module.toString()),
            List.of(),
            List.of(),
            Map.of("spark.odd", ODD_VALUE));
    RunningBatch.End end =
        run(
            place,
            new BatchSettings(file.toString(), Optional.empty(), ODD_ARGUMENTS, application));
    assertThat(end).as(output()).isEqualTo(new RunningBatch.End(false, "exit code 3"));
    assertThat(printed())
        .containsExactly(
            "285",
            "10",
            "['', 'a \"b\" \\'c\\' \\\\d\\\\', '@e', 'f\\ng', '\\xfcn\\xef\\u20ac\\U0001f600',"
                + " '--conf', '']",
            "'c:\\\\d=e\\n\\xfcn\\xef\\u20ac\\U0001f600'");
  }

  @ParameterizedTest
  @EnumSource
  void aKilledPythonFileLeavesNoProcess(Place place) throws Exception {
    assumePython(place);
    Path file = folder.resolve("sleeping.py");
    Files.writeString(
        file,
        """
        import os, subprocess, time
        from pyspark.sql import SparkSession

        def work(n):
            with open("%s/pids", "a") as pids:
                pids.write("%%d\\n" %% os.getpid())
            time.sleep(600)

        with open("%s/pids", "a") as pids:
            pids.write("%%d\\n" %% os.getpid())
            pids.write("%%d\\n" %% subprocess.Popen(["sleep", "600"], start_new_session=True).pid)
        SparkSession.builder.getOrCreate().sparkContext.parallelize(range(2), 2).foreach(work)
        """
            .formatted(folder, folder));
    try (SparkSubmitLauncher launcher = launcher(place)) {
      RunningBatch batch = launcher.launch(new BatchSpec(0, file("sleeping.py")), log);
      // The program, its child, and Spark's two workers.
      Path pids = folder.resolve("pids");
      await()
          .atMost(PATIENCE)
          .until(() -> Files.exists(pids) && Files.readAllLines(pids).size() == 4);
      List<ProcessHandle> processes =
          Files.readAllLines(pids).stream()
              .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)).stream())
              .toList();
      assertThat(processes).hasSize(4);
      batch.kill();
      assertThat(end(batch)).isEqualTo(new RunningBatch.End(false, "exit code 137 (signal 9)"));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
      assertThat(work()).isEmpty();
    }
  }

  @Test
  void aFileThatIsNotThereIsSparksOwnError() throws Exception {
    RunningBatch.End end = run(Place.EMBEDDED, file("nothing.jar"));
    assertThat(end.succeeded()).isFalse();
    assertThat(end.how()).startsWith("exit code ");
    assertThat(output()).contains("nothing.jar");
  }

  private RunningBatch.End run(Place place, BatchSettings settings) throws Exception {
    try (SparkSubmitLauncher launcher = launcher(place)) {
      RunningBatch.End end = end(launcher.launch(new BatchSpec(0, settings), log));
      assertThat(work()).isEmpty();
      return end;
    }
  }

  private BatchSettings file(String name) {
    return new BatchSettings(
        folder.resolve(name).toString(), Optional.empty(), List.of(), ApplicationSettings.NONE);
  }

  private static RunningBatch.End end(RunningBatch batch) throws Exception {
    return batch.ended().toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private SparkSubmitLauncher launcher(Place place) throws IOException, InterruptedException {
    Path home = place == Place.EMBEDDED ? embedded() : pysparkPackage();
    LaunchSettings settings =
        new LaunchSettings(
            new InetSocketAddress("127.0.0.1", 0),
            Installation.at(Commands.HOME).driverJar(),
            new SparkFinder(Optional.of(home), Map.of(), Map.of(), EMBEDDED),
            "local[2]",
            List.of(),
            folder.resolve("work"),
            folder.resolve("cache"),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            LaunchSettings.DEFAULT_MAX_OUTPUT_CHARS,
            0,
            List.of(),
            ClusterSettings.DEFAULT);
    return new SparkSubmitLauncher(
        settings,
        new Submitter(
            settings,
            (master, spark) -> {
              throw new LaunchException("There is no cluster here.");
            }));
  }

  /** Returns the embedded Spark in a form that is preferred to a Spark that Python may have. */
  private Path embedded() throws IOException {
    Path home = folder.resolve("spark");
    if (!Files.exists(home)) {
      Files.createDirectory(home);
      Files.createSymbolicLink(home.resolve("jars"), EMBEDDED);
      Files.createSymbolicLink(home.resolve("python"), EMBEDDED.resolve("python"));
    }
    return home;
  }

  private Path pysparkPackage() throws IOException, InterruptedException {
    Commands.Result found =
        Commands.run(
            Duration.ofMinutes(1),
            folder,
            Map.of(),
            List.of(
                PythonEnvironment.CLIENTS.programs().resolve("python").toString(),
                "-c",
                "import pyspark; print(pyspark.__path__[0])"));
    Assumptions.assumeTrue(
        found.exitCode() == 0, "skipped: the Python of the tests has no pyspark package");
    return Path.of(found.output().strip());
  }

  private static void assumePython(Place place) {
    Assumptions.assumeTrue(
        place != Place.EMBEDDED || Files.exists(EMBEDDED.resolve("python/lib/pyspark.zip")),
        "skipped: the build had no way to get the Python side of the embedded Spark");
  }

  /** Compiles a program that computes Pi, and shows its arguments and settings. */
  private Path writeJar() throws IOException {
    return SparkJob.jar(
        folder,
        "Pi",
        """
        import java.util.stream.*;
        import org.apache.spark.sql.SparkSession;
        import org.apache.spark.sql.functions;

        public class Pi {
          public static void main(String[] arguments) {
            SparkSession spark = SparkSession.builder().getOrCreate();
            int n = 100_000;
            long inside =
                spark.range(0, n, 1, 4)
                    .filter(functions.expr("rand(7) * rand(7) + rand(8) * rand(8) < 1"))
                    .count();
            show(String.valueOf(4.0 * inside / n));
            for (String argument : arguments) {
              show(argument);
            }
            show(spark.conf().get("spark.odd"));
            show(spark.sparkContext().master());
            spark.stop();
          }

          private static void show(String text) {
            System.out.println(
                "> "
                    + text.chars()
                        .mapToObj(c -> c < ' ' || c > '~' ? "{" + c + "}" : "" + (char) c)
                        .collect(Collectors.joining()));
          }
        }
        """);
  }

  /** Writes a text as the program does, so that nothing between them can change it. */
  private static String escaped(String text) {
    return text.chars()
        .mapToObj(c -> c < ' ' || c > '~' ? "{" + c + "}" : "" + (char) c)
        .collect(Collectors.joining());
  }

  /** Returns what the program has printed on purpose. */
  private List<String> printed() {
    return log.page(0, -1).lines().stream()
        .filter(line -> line.startsWith("> "))
        .map(line -> line.substring(2))
        .toList();
  }

  private String output() {
    return String.join("\n", log.page(0, -1).lines());
  }

  private List<Path> work() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("work"))) {
      return files.toList();
    }
  }
}
