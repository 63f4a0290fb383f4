package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SparkFinderTest {

  @TempDir private Path folder;

  @Test
  void theSettingCountsMoreThanTheEnvironment() throws Exception {
    Path configured = spark("configured", "2.13", "4.1.1", "2.13.17");
    Path environment = spark("environment", "2.12", "3.5.5", "2.12.18");
    SparkInstallation chosen =
        new SparkFinder(
                Optional.of(configured),
                Map.of(),
                Map.of("SPARK_HOME", environment.toString()),
                folder)
            .choose();
    assertThat(chosen.home()).isEqualTo(configured);
    assertThat(chosen.source()).isEqualTo("livy.server.spark-home");
    assertThat(chosen.sparkVersion()).isEqualTo("4.1.1");
    assertThat(chosen.scalaVersion()).isEqualTo("2.13.17");
    assertThat(chosen.scalaBinaryVersion()).isEqualTo("2.13");
  }

  @Test
  void sparkHomeCountsMoreThanTheEmbeddedSpark() throws Exception {
    Path environment = spark("environment", "2.12", "3.5.5", "2.12.18");
    Path embedded = spark("embedded", "2.12", "3.5.5", "2.12.18").resolve("jars");
    SparkInstallation chosen =
        new SparkFinder(
                Optional.empty(), Map.of(), Map.of("SPARK_HOME", environment.toString()), embedded)
            .choose();
    assertThat(chosen.home()).isEqualTo(environment);
    assertThat(chosen.jars()).isSorted().hasSize(3);
  }

  @Test
  void aPlaceThatIsNamedButEmptyIsAnError() throws Exception {
    Path embedded = spark("embedded", "2.12", "3.5.5", "2.12.18").resolve("jars");
    SparkFinder finder =
        new SparkFinder(
            Optional.empty(),
            Map.of(),
            Map.of("SPARK_HOME", folder.resolve("none").toString()),
            embedded);
    assertThatThrownBy(finder::choose)
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("SPARK_HOME")
        .hasMessageContaining(folder.resolve("none").toString());
  }

  @Test
  void aSparkWithoutReplIsNotUsable() throws Exception {
    Path home = spark("partial", "2.12", "3.5.5", "2.12.18");
    Files.delete(home.resolve("jars/spark-repl_2.12-3.5.5.jar"));
    assertThatThrownBy(
            () -> new SparkFinder(Optional.of(home), Map.of(), Map.of(), folder).choose())
        .hasMessageContaining("spark-repl");
  }

  @Test
  void sparksAreChosenByTheirNames() throws Exception {
    Path configured = spark("configured", "2.12", "3.5.5", "2.12.18");
    Path other = spark("other", "2.13", "4.1.1", "2.13.17");
    SparkFinder finder =
        new SparkFinder(
            Optional.of(configured),
            Map.of("other", other, "gone", folder.resolve("gone")),
            Map.of(),
            spark("embedded", "2.12", "3.5.5", "2.12.18").resolve("jars"));
    assertThat(finder.choose("other").sparkVersion()).isEqualTo("4.1.1");
    assertThat(finder.choose("embedded").source()).isEqualTo("embedded");
    assertThat(finder.choose().home()).isEqualTo(configured);
    assertThat(finder.named())
        .extracting(SparkFinder.Candidate::source)
        .containsExactly("gone", "other");
    assertThatThrownBy(() -> finder.choose("gone"))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("polybius.sparks")
        .hasMessageContaining(folder.resolve("gone").toString());
    assertThatThrownBy(() -> finder.choose("nobody")).isInstanceOf(LaunchException.class);
  }

  @Test
  void theAdministratorsDefaultsAreRead() throws Exception {
    Path home = spark("configured", "2.12", "3.5.5", "2.12.18");
    Path conf = Files.createDirectories(home.resolve("conf"));
    Files.writeString(
        conf.resolve("spark-defaults.conf"),
        "# comment\nspark.executor.memory   2g\nspark.sql.shuffle.partitions=4\nother 1\n");
    SparkFinder finder = new SparkFinder(Optional.of(home), Map.of(), Map.of(), folder);
    assertThat(finder.defaults(finder.choose()))
        .isEqualTo(Map.of("spark.executor.memory", "2g", "spark.sql.shuffle.partitions", "4"));
  }

  @Test
  void everyPlaceIsListedWithWhatIsThere() throws Exception {
    Path embedded = spark("embedded", "2.12", "3.5.5", "2.12.18").resolve("jars");
    List<SparkFinder.Candidate> candidates =
        new SparkFinder(Optional.empty(), Map.of(), Map.of(), embedded).candidates();
    assertThat(candidates).hasSize(4);
    assertThat(candidates.get(0).detail()).isEqualTo("not set");
    assertThat(candidates.get(3).found()).isPresent();
    assertThat(candidates.get(3).detail()).contains("3.5.5", "2.12.18", "without Python");
  }

  private Path spark(String name, String binary, String version, String scala) throws IOException {
    Path home = folder.resolve(name);
    Path jars = Files.createDirectories(home.resolve("jars"));
    Files.createFile(jars.resolve("spark-core_" + binary + "-" + version + ".jar"));
    Files.createFile(jars.resolve("spark-repl_" + binary + "-" + version + ".jar"));
    Files.createFile(jars.resolve("scala-library-" + scala + ".jar"));
    return home;
  }
}
