package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs of Python, given as Livy's client does, with releases of cloudpickle that differ. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonJobsIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Path PROGRAM =
      Commands.HOME.resolve("tests/src/test/resources/livy/python_jobs.py");

  @TempDir private static Path folder;

  private RunningServer server;
  private int session;

  @BeforeAll
  void start() throws Exception {
    server = RunningServer.start(PythonEnvironment.CLIENTS.forStatements());
    session = server.rest().openSession();
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.2.1", "3.1.3"})
  void clientGetsTheResultsOfItsJobs(String cloudpickle) throws Exception {
    Path library = PythonEnvironment.CLIENTS.library("cloudpickle", cloudpickle);
    Commands.Result ended =
        Commands.run(
            PATIENCE,
            folder,
            Map.of("PYTHONPATH", library.toString()),
            List.of(
                PythonEnvironment.CLIENTS.programs().resolve("python").toString(),
                PROGRAM.toString(),
                server.uri().resolve("/sessions/" + session).toString(),
                folder.toString()));

    assertThat(ended.output().lines())
        .as(ended.output())
        .containsSequence(
            "sum 45",
            "none None",
            "pandas pandas 6",
            "class 42",
            "function 42",
            "failed True ValueError: boom of a job",
            "shared [1, 2, 3]",
            "beside 'waited'",
            "loop CANCELLED",
            "spark CANCELLED")
        .containsSequence("uploaded 42", "done");
  }
}
