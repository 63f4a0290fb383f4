package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Spark is told of a session. */
class LaunchSettingsTest {

  private static final String MODE = "spark.scheduler.mode";

  @TempDir private Path folder;

  private String mode(TestingSpark spark, Map<String, String> asked) throws LaunchException {
    LaunchSettings settings = spark.settings("local[1]");
    return settings
        .sessionSettings(
            new LaunchSpec(0, 1, SessionSettings.of(Kind.SPARK).withConf(asked)),
            settings.sparks().choose())
        .get(MODE);
  }

  @Test
  void jobsAndStatementsHaveFairSharesUnlessSomebodySaysOtherwise() throws Exception {
    TestingSpark spark = TestingSpark.in(folder);

    assertThat(mode(spark, Map.of())).isEqualTo("FAIR");
    assertThat(mode(spark, Map.of(MODE, "FIFO"))).isEqualTo("FIFO");

    Path defaults = spark.home().resolve("conf/spark-defaults.conf");
    Files.createDirectories(defaults.getParent());
    Files.writeString(defaults, MODE + " FIFO\n");
    assertThat(mode(spark, Map.of())).isEqualTo("FIFO");
  }
}
