package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import javax.tools.ToolProvider;

/**
 * A folder that looks like a Spark, where what {@code spark-submit} would do is up to the test.
 *
 * @param folder for all files, of which {@code spark} is the Spark
 */
record TestingSpark(Path folder) {

  /** Makes the folder. */
  static TestingSpark in(Path folder) throws IOException {
    Path jars = Files.createDirectories(folder.resolve("spark/jars"));
    for (String jar :
        List.of(
            "spark-core_2.12-3.5.5.jar",
            "spark-repl_2.12-3.5.5.jar",
            "scala-library-2.12.18.jar")) {
      Files.createFile(jars.resolve(jar));
    }
    return new TestingSpark(folder);
  }

  /** Returns settings for launchers that use this Spark, with a folder for what they launch. */
  LaunchSettings settings(String master) {
    return settings(master, ClusterSettings.DEFAULT);
  }

  /** Returns such settings for drivers that run in a cluster. */
  LaunchSettings clusterSettings(String master) {
    ClusterSettings usual = ClusterSettings.DEFAULT;
    return settings(
        master,
        new ClusterSettings(
            "cluster",
            usual.serverAddresses(),
            usual.ports(),
            usual.lookupTimeout(),
            usual.pollInterval(),
            usual.leakTimeout(),
            usual.leakInterval(),
            usual.stagingDirectory(),
            usual.standaloneDriverJar()));
  }

  private LaunchSettings settings(String master, ClusterSettings cluster) {
    return new LaunchSettings(
        new InetSocketAddress("127.0.0.1", 0),
        folder.resolve("driver.jar"),
        new SparkFinder(Optional.of(home()), Map.of(), Map.of(), folder),
        master,
        List.of(),
        folder.resolve("work"),
        folder.resolve("cache"),
        Duration.ofSeconds(5),
        Duration.ofSeconds(5),
        LaunchSettings.DEFAULT_MAX_OUTPUT_CHARS,
        0,
        List.of(),
        cluster);
  }

  /** Returns a launcher of batches, for which there is no cluster. */
  static SparkSubmitLauncher submitLauncher(LaunchSettings settings) {
    return new SparkSubmitLauncher(settings, new Submitter(settings, noCluster()));
  }

  /** Returns a way to no cluster. */
  static ClusterConnector noCluster() {
    return (master, spark) -> {
      throw new LaunchException("There is no cluster " + master + ".");
    };
  }

  Path home() {
    return folder.resolve("spark");
  }

  /** Lets a script be {@code bin/spark-submit}. */
  void submitBy(String script) throws IOException {
    Path file = home().resolve("bin/spark-submit");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  /** Compiles a class and puts it into a jar. */
  static void writeJar(Path jar, String className, String source) throws IOException {
    String entry = className.replace('.', '/');
    Path file = jar.resolveSibling(entry + ".java");
    Files.createDirectories(file.getParent());
    Files.writeString(file, source);
    int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, file.toString());
    assertThat(status).isZero();
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry(entry + ".class"));
      Files.copy(jar.resolveSibling(entry + ".class"), out);
    }
  }

  /** Returns the texts that were written to a file with a NUL character behind each. */
  static List<String> texts(Path file) throws IOException {
    String all = Files.readString(file, StandardCharsets.UTF_8);
    return List.of(all.substring(0, all.length() - 1).split("\0", -1));
  }
}
