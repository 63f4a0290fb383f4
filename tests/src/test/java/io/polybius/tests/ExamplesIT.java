package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is in the folder of examples, in one session. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExamplesIT {

  private static final Path EXAMPLES = Commands.HOME.resolve("examples");

  private RunningServer server;
  private RestClient rest;
  private int session;

  @BeforeAll
  void start() throws Exception {
    server = RunningServer.start();
    rest = server.rest();
    session = rest.openSession("{\"kind\": \"shared\"}");
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"spark, pi.scala", "pyspark, pi.py", "sparkr, pi.R"})
  void statementsComeCloseToPi(String kind, String file) throws Exception {
    String code = Files.readString(EXAMPLES.resolve(file));
    assertThat(rest.shown(session, kind, code)).containsPattern("Pi is about 3\\.1[345]\\d");
  }

  @Test
  void pageNamesEachExample() throws Exception {
    String page = Files.readString(EXAMPLES.resolve("README.md"));
    try (var files = Files.list(EXAMPLES)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .filteredOn(name -> !name.equals("README.md"))
          .isNotEmpty()
          .allMatch(name -> page.contains("`" + name + "`"));
    }
  }
}
