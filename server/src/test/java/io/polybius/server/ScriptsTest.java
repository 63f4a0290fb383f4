package io.polybius.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The two shell scripts that users start, each in a folder of its own. */
@Timeout(60)
class ScriptsTest {

  private static final Path HOME = Path.of(System.getProperty("polybius.home"));

  @TempDir Path folder;

  private record Ended(int exitCode, List<String> lines) {}

  @Test
  void launcherFindsItsFolderThroughSymbolicLinks() throws Exception {
    Path script = copy("bin/polybius", "real/bin/polybius");
    Files.createDirectories(folder.resolve("links"));
    Path first = folder.resolve("links/first");
    Files.createSymbolicLink(first, Path.of("../real/bin/polybius"));
    Path second = Files.createSymbolicLink(folder.resolve("second"), first);

    for (Path started : List.of(script, first, second)) {
      assertThat(run(Map.of(), started.toString(), "version"))
          .isEqualTo(
              new Ended(
                  1,
                  List.of(
                      "polybius: %s is neither an installation nor a source tree"
                          .formatted(folder.toRealPath().resolve("real")))));
    }
  }

  @Test
  void launcherStartsAnInstallationWithTheJdkThatItFinds() throws Exception {
    Path script = copy("bin/polybius", "bin/polybius");
    Files.createDirectories(folder.resolve("lib/server"));

    // Without jars there is no main class, which the JVM tells when it has been found itself.
    Ended ended = run(Map.of("JAVA_HOME", "/nowhere"), script.toString(), "version");

    assertThat(ended.lines()).anyMatch(line -> line.contains("io.polybius.server.ServerMain"));
    assertThat(ended.lines()).noneMatch(line -> line.contains("no JDK 17"));
  }

  @Test
  void wrapperDownloadsOnceChecksAndRuns() throws Exception {
    byte[] zip = zipWithScript("echo Maven runs \"$@\"");
    Path wrapper = wrapper(checksum(zip));
    AtomicInteger downloads = new AtomicInteger();
    HttpServer repository = repository(zip, downloads);
    try {
      Map<String, String> environment = environment(repository);
      assertThat(run(environment, wrapper.toString(), "-B", "two words").lines())
          .hasSize(2)
          .last()
          .isEqualTo("Maven runs -B two words");
      assertThat(run(environment, wrapper.toString(), "verify").lines())
          .containsExactly("Maven runs verify");
      assertThat(downloads).hasValue(1);
    } finally {
      repository.stop(0);
    }
  }

  @Test
  void wrapperRefusesAnotherFileThanThePinnedOne() throws Exception {
    byte[] zip = zipWithScript("echo Maven runs");
    Path wrapper = wrapper("0".repeat(128));
    HttpServer repository = repository(zip, new AtomicInteger());
    try {
      Ended ended = run(environment(repository), wrapper.toString(), "verify");

      assertThat(ended.exitCode()).isEqualTo(1);
      assertThat(ended.lines())
          .last()
          .asString()
          .contains("is not the file that is pinned")
          .contains(checksum(zip));
      assertThat(folder.resolve("maven-home/wrapper/dists/apache-maven-1.2.3")).isEmptyDirectory();
    } finally {
      repository.stop(0);
    }
  }

  private Path copy(String from, String to) throws IOException {
    Path target = folder.resolve(to);
    Files.createDirectories(target.getParent());
    return Files.copy(HOME.resolve(from), target, StandardCopyOption.COPY_ATTRIBUTES);
  }

  private Path wrapper(String checksum) throws IOException {
    Path properties = folder.resolve(".mvn/wrapper/maven-wrapper.properties");
    Files.createDirectories(properties.getParent());
    Files.writeString(properties, "mavenVersion=1.2.3\nmavenSha512=" + checksum + "\n");
    return copy("mvnw", "mvnw");
  }

  private Map<String, String> environment(HttpServer repository) {
    return Map.of(
        "MVNW_REPOURL",
        "http://127.0.0.1:" + repository.getAddress().getPort() + "/maven2",
        "MAVEN_USER_HOME",
        folder.resolve("maven-home").toString());
  }

  private static HttpServer repository(byte[] zip, AtomicInteger downloads) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/maven2/org/apache/maven/apache-maven/1.2.3/apache-maven-1.2.3-bin.zip",
        exchange -> {
          downloads.incrementAndGet();
          exchange.sendResponseHeaders(200, zip.length);
          exchange.getResponseBody().write(zip);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static byte[] zipWithScript(String script) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("apache-maven-1.2.3/bin/mvn"));
      zip.write(("#!/bin/sh\n" + script + "\n").getBytes(UTF_8));
      zip.closeEntry();
    }
    return bytes.toByteArray();
  }

  private static String checksum(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-512").digest(bytes));
  }

  private Ended run(Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", ".txt");
    ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(List.of(command)));
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    Process process = builder.start();
    try {
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readAllLines(output));
  }
}
