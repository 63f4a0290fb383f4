package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client for Python, from its wheel: its own tests, its types, and a server with a token. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonClientIT {

  private static final Path SOURCES = Commands.HOME.resolve("clients/python");
  private static final Path EXAMPLE = Commands.HOME.resolve("examples/spark_pi.py");
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** What pytest says in the end when nothing has failed and nothing was left out. */
  private static final Pattern ALL_PASSED = Pattern.compile("(?m)^(\\d+) passed in [^,]*$");

  @TempDir private static Path folder;

  private Path python;
  private String wheel;
  private RunningServer server;
  private Map<String, String> environment;

  @BeforeAll
  void installTheWheelAndStartAServer() throws Exception {
    python = PythonEnvironment.CLIENTS.programs().resolve("python");
    Path wheels = Files.createDirectory(folder.resolve("wheels"));
    Path installed = folder.resolve("installed");
    pip(
        List.of(
            "wheel", "--no-build-isolation", "--wheel-dir", wheels.toString(), SOURCES.toString()));
    Path made = theOnlyFileIn(wheels);
    wheel = made.getFileName().toString();
    // Not among the packages of the environment, which are also those of the server's statements.
    pip(List.of("install", "--target", installed.toString(), made.toString()));
    String token = UUID.randomUUID().toString();
    Path tokenFile = Files.writeString(folder.resolve("token"), token);
    Files.setPosixFilePermissions(tokenFile, PosixFilePermissions.fromString("rw-------"));
    server =
        RunningServer.start(
            PythonEnvironment.CLIENTS.forStatements(), "polybius.server.token-file=" + tokenFile);
    environment =
        Map.of(
            "PYTHONPATH",
            installed.toString(),
            "MYPYPATH",
            installed.toString(),
            "PYTHONDONTWRITEBYTECODE",
            "1",
            "POLYBIUS_TEST_SERVER",
            server.uri().toString(),
            "POLYBIUS_TOKEN",
            token);
  }

  @AfterAll
  void stopServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void theWheelHasTheVersionOfTheServer() throws IOException {
    Matcher version =
        Pattern.compile("<version>([\\d.]+)(-SNAPSHOT)?</version>")
            .matcher(Files.readString(Commands.HOME.resolve("pom.xml")));
    assertThat(version.find()).isTrue();
    String expected = version.group(1) + (version.group(2) == null ? "" : ".dev0");
    assertThat(wheel).isEqualTo("polybius-" + expected + "-py3-none-any.whl");
  }

  @Test
  void theWheelPassesItsOwnTests() throws Exception {
    assertThat(run(SOURCES, "-c", "import polybius; print(polybius.__file__)"))
        .startsWith(folder.toRealPath().toString());
    // Its tests are its own world, without a token.
    Map<String, String> alone = new HashMap<>(environment);
    alone.remove("POLYBIUS_TOKEN");
    assertThat(passed(alone, SOURCES, "tests")).isGreaterThan(50);
  }

  @Test
  void itsTypesAndThoseOfItsUsersAreChecked() throws Exception {
    run(SOURCES, "-m", "mypy", "--cache-dir", folder.resolve("mypy").toString(), "src");
    Path program = folder.resolve("typed.py");
    Files.writeString(
        program,
        """
        import polybius
        from polybius import JobContext

        def count(context: JobContext, rows: int, more: int = 0) -> int:
            return rows + more

        with polybius.connect("http://localhost", kind="pyspark", driver_memory="2g") as session:
            value: int = session.run(count, 1, more=2)
            handle: polybius.JobHandle[int] = session.submit(count, 1)
        """);
    String[] strictly = {
      "-m",
      "mypy",
      "--strict",
      "--follow-imports=silent",
      "--cache-dir",
      folder.resolve("mypy").toString(),
      program.toString()
    };
    run(folder, strictly);
    Files.writeString(program, "session.run(count, 'one')\n", StandardOpenOption.APPEND);
    Commands.Result refused = result(environment, folder, strictly);
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.output()).contains("typed.py:10", "[arg-type]");
  }

  @Test
  void itWorksWithAServer() throws Exception {
    Path tests = JupyterTools.SCRIPTS.resolve("test_client.py");
    assertThat(passed(environment, folder, tests.toString())).isGreaterThan(15);
    assertThat(server.drivers()).isEmpty();
  }

  @Test
  void theExampleOfTheGuideRuns() throws Exception {
    String example = Files.readString(EXAMPLE);
    assertThat(Files.readString(Commands.HOME.resolve("docs/jobs.md")))
        .contains("```python\n" + example + "```");
    Path here = folder.resolve("spark_pi.py");
    Files.writeString(here, example.replace("http://localhost:8998", server.uri().toString()));
    assertThat(run(folder, here.toString())).matches("Pi is roughly 3\\.1[34]\\d*\\s*");
  }

  /** Runs tests, none of which may fail or be skipped, and returns how many there were. */
  private int passed(Map<String, String> variables, Path directory, String tests)
      throws IOException, InterruptedException {
    Commands.Result tested =
        result(variables, directory, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests);
    assertThat(tested.exitCode()).as(tested.output()).isZero();
    Matcher all = ALL_PASSED.matcher(tested.output());
    assertThat(all.find()).as(tested.output()).isTrue();
    return Integer.parseInt(all.group(1));
  }

  private void pip(List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("-m", "pip"));
    command.add(arguments.get(0));
    // Nothing is fetched: what it needs is in the environment.
    command.addAll(List.of("--quiet", "--no-index", "--no-deps"));
    command.addAll(arguments.subList(1, arguments.size()));
    Commands.Result done = result(Map.of(), folder, command.toArray(String[]::new));
    assertThat(done.exitCode()).as(done.output()).isZero();
  }

  private String run(Path directory, String... arguments) throws IOException, InterruptedException {
    Commands.Result done = result(environment, directory, arguments);
    assertThat(done.exitCode()).as(done.output()).isZero();
    return done.output();
  }

  private Commands.Result result(Map<String, String> variables, Path directory, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(python.toString()));
    command.addAll(List.of(arguments));
    return Commands.run(PATIENCE, directory, variables, command);
  }

  private static Path theOnlyFileIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }
}
