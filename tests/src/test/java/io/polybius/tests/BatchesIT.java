package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.server.Installation;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Batches as REST clients run them: a real server, a real spark-submit, one server for all. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BatchesIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Set<String> UNFINISHED = Set.of("starting", "running");

  @TempDir private static Path folder;

  private RunningServer server;
  private RestClient rest;

  @BeforeAll
  void start() throws Exception {
    server = RunningServer.start("livy.file.local-dir-whitelist=" + folder);
    rest = server.rest();
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
  }

  @Test
  void programRunsToItsEndAndItsWholeLogCanBePaged() throws Exception {
    assumePython();
    write(
        "count.py",
        """
        import sys
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.getOrCreate()
        print("counted %d as %s" % (spark.range(int(sys.argv[1])).count(), spark.conf.get("spark.app.name")))
        for i in range(300):
            print("line %d" % i)
        """);
    int batch =
        create(
            "{\"file\": \"%s/count.py\", \"args\": [1000], \"name\": \"count\", \"conf\": {\"spark.ui.enabled\": false}}"
                .formatted(folder));
    assertThat(end(batch)).isEqualTo("success");

    JsonNode all = rest.call("GET", "/batches/count/log?from=0&size=-1", null);
    StringBuilder paged = new StringBuilder();
    int total = all.get("total").asInt();
    for (int from = 0; from < total; from += 100) {
      JsonNode page =
          rest.call("GET", "/batches/" + batch + "/log?from=" + from + "&size=100", null);
      page.get("log").forEach(line -> paged.append(line.asText()).append('\n'));
    }
    StringBuilder whole = new StringBuilder();
    all.get("log").forEach(line -> whole.append(line.asText()).append('\n'));
    assertThat(paged.toString()).isEqualTo(whole.toString());
    assertThat(whole.toString())
        .startsWith("stdout: \n")
        .contains("counted 1000 as count\n", "line 0\n", "line 299\n")
        .endsWith("\nstderr: \n");
  }

  @Test
  void programThatFailsIsDead() throws Exception {
    assumePython();
    write("fail.py", "import sys\nprint('about to fail')\nsys.exit(7)\n");
    int batch = create("{\"file\": \"%s/fail.py\"}".formatted(folder));

    assertThat(end(batch)).isEqualTo("dead");
    assertThat(log(batch)).contains("about to fail", "exit code 7");
  }

  @Test
  void programThatIsNotThereIsDeadAndTheLogNamesIt() {
    int batch = create("{\"file\": \"%s/nothing.jar\", \"className\": \"No\"}".formatted(folder));

    assertThat(end(batch)).isEqualTo("dead");
    assertThat(log(batch)).contains("nothing.jar");
  }

  @Test
  void deletedProgramIsGoneWithItsChildren() throws Exception {
    assumePython();
    write(
        "sleep.py",
        """
        import os, subprocess
        child = subprocess.Popen(["sleep", "600"])
        with open("%s/pids.new", "w") as pids:
            pids.write("%%d\\n%%d\\n" %% (os.getpid(), child.pid))
        os.rename("%s/pids.new", "%s/pids")
        child.wait()
        """
            .formatted(folder, folder, folder));
    int batch = create("{\"file\": \"%s/sleep.py\"}".formatted(folder));
    Path pids = folder.resolve("pids");
    await().atMost(PATIENCE).until(() -> Files.exists(pids));
    List<ProcessHandle> processes =
        Files.readAllLines(pids).stream()
            .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)).stream())
            .toList();
    assertThat(processes).hasSize(2);
    assertThat(rest.call("GET", "/batches/" + batch + "/state", null).get("state").asText())
        .isEqualTo("running");
    assertThat(rest.call("DELETE", "/batches/" + batch, null).get("msg").asText())
        .isEqualTo("deleted");

    // Their parent, who is no longer there, had to take note of their ends.
    await().atMost(PATIENCE).until(() -> processes.stream().noneMatch(ProcessHandle::isAlive));
    assertThat(rest.send("GET", "/batches/" + batch, null).statusCode()).isEqualTo(404);
  }

  @Test
  void filesThatTheOperatorDoesNotAllowAreRefusedAndNothingIsLeft() throws Exception {
    int before = total();
    Files.createSymbolicLink(folder.resolve("link.py"), Path.of("/etc/hostname"));
    for (String file :
        List.of("/etc/passwd", folder + "/../other.py", "file:/etc/passwd", folder + "/link.py")) {
      HttpResponse<String> refused = rest.send("POST", "/batches", "{\"file\": \"" + file + "\"}");
      assertThat(refused.statusCode()).as(file).isEqualTo(400);
      assertThat(refused.body())
          .as(file)
          .contains("Rejected, Reason: requirement failed: Local path ")
          .contains(" cannot be added to user sessions.");
    }
    assertThat(total()).isEqualTo(before);
  }

  /** Skips a test where the embedded Spark cannot run Python files. */
  static void assumePython() {
    Path python = Installation.at(Commands.HOME).embeddedSpark().resolve("python");
    Assumptions.assumeTrue(
        Files.isDirectory(python), "the embedded Spark was built without its Python side");
  }

  private static void write(String name, String program) throws Exception {
    Files.writeString(folder.resolve(name), program);
  }

  private int create(String request) {
    return rest.call("POST", "/batches", request).get("id").asInt();
  }

  private int total() {
    return rest.call("GET", "/batches", null).get("total").asInt();
  }

  private String end(int batch) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> rest.call("GET", "/batches/" + batch + "/state", null).get("state").asText(),
            state -> !UNFINISHED.contains(state));
  }

  private String log(int batch) {
    return rest.call("GET", "/batches/" + batch + "/log?size=-1", null).get("log").toString();
  }
}
