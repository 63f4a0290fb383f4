package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ApplicationSettingsTest {

  private static final ApplicationSettings ALL_FIELDS =
      new ApplicationSettings(
          Optional.of("tuesday"),
          Optional.empty(),
          Optional.of("2g"),
          OptionalInt.of(2),
          Optional.of("3g"),
          OptionalInt.of(3),
          OptionalInt.of(4),
          Optional.of("fast"),
          List.of("hdfs:/a.jar", "hdfs:/b.jar"),
          List.of("hdfs:/c.py"),
          List.of("hdfs:/d.txt"),
          List.of("hdfs:/e.zip#e"),
          Map.of());

  private static final Map<String, String> AS_SPARK_SETTINGS =
      Map.ofEntries(
          Map.entry("spark.app.name", "tuesday"),
          Map.entry("spark.driver.memory", "2g"),
          Map.entry("spark.driver.cores", "2"),
          Map.entry("spark.executor.memory", "3g"),
          Map.entry("spark.executor.cores", "3"),
          Map.entry("spark.executor.instances", "4"),
          Map.entry("spark.yarn.queue", "fast"),
          Map.entry("spark.jars", "hdfs:/a.jar,hdfs:/b.jar"),
          Map.entry("spark.submit.pyFiles", "hdfs:/c.py"),
          Map.entry("spark.files", "hdfs:/d.txt"),
          Map.entry("spark.archives", "hdfs:/e.zip#e"));

  @Test
  void eachFieldIsASettingOfSpark() {
    assertThat(ALL_FIELDS.sparkConf(Map.of())).isEqualTo(AS_SPARK_SETTINGS);
  }

  @Test
  void fieldsWinOverConfAndThatOverDefaults() {
    Map<String, String> others =
        Map.of(
            "spark.app.name", "x",
            "spark.driver.memory", "x",
            "spark.driver.cores", "x",
            "spark.executor.memory", "x",
            "spark.executor.cores", "x",
            "spark.executor.instances", "x",
            "spark.yarn.queue", "x",
            "spark.files", "");

    assertThat(ALL_FIELDS.withConf(others).sparkConf(Map.of())).isEqualTo(AS_SPARK_SETTINGS);
    assertThat(ALL_FIELDS.sparkConf(others)).isEqualTo(AS_SPARK_SETTINGS);
    assertThat(
            ApplicationSettings.NONE
                .withConf(Map.of("spark.app.name", "asked"))
                .sparkConf(Map.of("spark.app.name", "default", "spark.ui.port", "4041")))
        .isEqualTo(Map.of("spark.app.name", "asked", "spark.ui.port", "4041"));
  }

  @Test
  void filesOfFieldsComeBeforeThoseThatAreNamedAlready() {
    Map<String, String> more =
        Map.of(
            "spark.jars", "hdfs:/z.jar",
            "spark.submit.pyFiles", "hdfs:/z.py",
            "spark.files", "hdfs:/z.txt",
            "spark.archives", "hdfs:/z.zip");
    Map<String, String> merged =
        Map.of(
            "spark.jars", "hdfs:/a.jar,hdfs:/b.jar,hdfs:/z.jar",
            "spark.submit.pyFiles", "hdfs:/c.py,hdfs:/z.py",
            "spark.files", "hdfs:/d.txt,hdfs:/z.txt",
            "spark.archives", "hdfs:/e.zip#e,hdfs:/z.zip");

    assertThat(ALL_FIELDS.withConf(more).sparkConf(Map.of())).containsAllEntriesOf(merged);
    assertThat(ALL_FIELDS.sparkConf(more)).containsAllEntriesOf(merged);
  }

  @Test
  void whatIsNoSettingOfSparkIsLeftOut() {
    assertThat(
            ApplicationSettings.NONE
                .withConf(Map.of("livy.uri", "http://server", "spark.ui.enabled", "false"))
                .sparkConf(Map.of()))
        .isEqualTo(Map.of("spark.ui.enabled", "false"));
  }
}
