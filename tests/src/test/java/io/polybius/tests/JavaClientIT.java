package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Programs that use the client for Java, against a server that wants a token: the packaged client,
 * in JVMs of their own.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JavaClientIT {

  private static final String TOKEN = "a-token-of-this-test";
  private static final String CLIENT =
      Commands.HOME.resolve("target/polybius/clients") + File.separator + "*";
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern COMMAND =
      Pattern.compile("^java (-cp .* Pi\\.java)$", Pattern.MULTILINE);

  @TempDir private static Path folder;

  private RunningServer server;
  private Path tokenFile;

  @BeforeAll
  void start() throws Exception {
    tokenFile = Files.writeString(folder.resolve("token"), TOKEN + "\n");
    Files.setPosixFilePermissions(
        tokenFile, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    server = RunningServer.start("polybius.server.token-file=" + tokenFile);
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  /** Returns the server's address with the token in it, as programs take it that say no token. */
  private String addressWithToken() {
    return "http://me:" + TOKEN + "@" + server.uri().getAuthority();
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static Path compile(String name, Path source) {
    Path classes = folder.resolve("classes-" + name);
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                messages,
                messages,
                "-nowarn",
                "-d",
                classes.toString(),
                "-cp",
                jarsOf(Path.of(CLIENT).getParent())
                    + File.pathSeparator
                    + jarsOf(Path.of(SparkJob.SPARK).getParent()),
                source.toString());
    assertThat(status).as(messages.toString(StandardCharsets.UTF_8)).isZero();
    return classes;
  }

  private static String jarsOf(Path directory) {
    try (java.util.stream.Stream<Path> jars = Files.list(directory)) {
      return jars.map(Path::toString)
          .collect(java.util.stream.Collectors.joining(File.pathSeparator));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void everythingWorksInAProgramThatHasNoSpark() throws Exception {
    Path source = Path.of(JavaClientIT.class.getResource("/client/ClientJobs.java").toURI());
    Path classes = compile("jobs", source);
    Path jar =
        SparkJob.jar(
            folder,
            "Helper",
            "public class Helper { public static String help() { return \"helped\"; } }");
    Commands.Result result =
        Commands.run(
            PATIENCE,
            folder,
            Map.of(),
            List.of(
                java(),
                "-cp",
                classes + File.pathSeparator + CLIENT,
                "ClientJobs",
                server.uri().toString(),
                tokenFile.toString(),
                folder.toString(),
                jar.toString()));

    assertThat(result.output().lines())
        .as(result.output())
        .contains(
            "spark: is not here",
            "no token: 401 true",
            "lambda: 42",
            "class: hello Ada from Spark 3",
            "record: Point[x=3, names=[a]]",
            "null: null",
            "executors: [41, 42, 43]",
            "rejoined: Point[x=4, names=[]]",
            "other type: The job has returned a ClientJobs$Point, which is no java.lang.String.",
            "many: 4950",
            "few threads: yes",
            "thrown: true",
            "slow: 6",
            "states end: SUCCEEDED",
            "progress: true",
            "cancelled: CANCELLED",
            "file: veni vidi vici",
            "jar: helped",
            "not allowed: 400 true",
            "heard: true",
            "failed: true",
            "sql: [application/json]",
            "other client: [first, second]",
            "still there: idle",
            "fifty clients: 200",
            "ended with its client: 404",
            "done: ")
        .anyMatch(line -> line.startsWith("statement: ") && line.contains("aloud"))
        .anyMatch(line -> line.startsWith("statement sees: ") && line.endsWith("= 2"))
        .anyMatch(
            line ->
                line.startsWith(
                    "not uploaded: Job 1 has failed: The driver has no class ClientJobs."))
        .anyMatch(
            line ->
                line.startsWith("unwritable: Job ")
                    && line.contains("The result, a java.lang.Object, cannot be serialized"))
        .anyMatch(
            line ->
                line.startsWith("unknown here: The job has returned an object whose class this")
                    && line.contains("org.apache.spark.sql.types.StructType"))
        .anyMatch(line -> line.startsWith("captured: The job refers to a java.lang.Object, which"));
    assertThat(result.output()).doesNotContain(TOKEN);
    assertThat(result.exitCode()).isZero();
  }

  @Test
  void guideTakesAUserToAResult() throws Exception {
    String page = Files.readString(Commands.HOME.resolve("docs/jobs.md"));
    Matcher program = JAVA.matcher(page);
    Matcher command = COMMAND.matcher(page);
    assertThat(program.find()).isTrue();
    assertThat(command.find()).isTrue();
    Files.writeString(
        folder.resolve("Pi.java"),
        program.group(1).replace("http://localhost:8998", addressWithToken()));
    String options =
        command
            .group(1)
            .replace("target/polybius", Commands.HOME.resolve("target/polybius").toString());
    Commands.Result result =
        Commands.run(PATIENCE, folder, Map.of(), List.of("sh", "-c", java() + " " + options));

    assertThat(result.output()).matches("(?s).*Pi is roughly 3\\.1\\d*\\s*");
    assertThat(program.group(1).lines().count()).isLessThanOrEqualTo(12);
  }

  @Test
  void exampleEstimatesPiOnExecutors() throws Exception {
    Commands.Result result =
        Commands.run(
            PATIENCE,
            folder,
            Map.of(),
            List.of(
                java(),
                "-cp",
                CLIENT + File.pathSeparator + SparkJob.SPARK,
                Commands.HOME.resolve("examples/SparkPi.java").toString(),
                addressWithToken()));

    assertThat(result.output()).contains("Pi is roughly 3.1");
  }

  @Test
  void exampleServesResultsFromASharedSession() throws Exception {
    Path printed = folder.resolve("served.txt");
    Process process =
        new ProcessBuilder(
                java(),
                "-cp",
                CLIENT + File.pathSeparator + SparkJob.SPARK,
                Commands.HOME.resolve("examples/ServeResults.java").toString(),
                addressWithToken(),
                "0")
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    try {
      Pattern ready = Pattern.compile("Ask (http://\\S+)");
      await()
          .atMost(PATIENCE)
          .until(() -> ready.matcher(Files.readString(printed)).find() || !process.isAlive());
      Matcher address = ready.matcher(Files.readString(printed));
      assertThat(address.find()).as(Files.readString(printed)).isTrue();
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(address.group(1)))
                      .timeout(Duration.ofSeconds(30))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(answer.body()).isEqualTo("[[144]]");
    } finally {
      process.destroy();
      assertThat(process.waitFor(30, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
    }
  }
}
