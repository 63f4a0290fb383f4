package io.polybius.launch.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.session.ClusterApplication;
import io.polybius.session.SessionService;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class IsolatedYarnTest {

  @TempDir private Path folder;

  @Test
  void clusterWithoutSettingsIsAnErrorThatNamesTheVariable() {
    assertThatThrownBy(() -> open(Map.of("HADOOP_CONF_DIR", " ")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("HADOOP_CONF_DIR");
  }

  @Test
  void folderOfSettingsThatIsMissingIsNamed() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> open(Map.of("YARN_CONF_DIR", missing.toString())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(missing.toString());
  }

  @Test
  void sparkWithoutHadoopIsNamed() {
    assertThatThrownBy(() -> open(Map.of("HADOOP_CONF_DIR", folder.toString())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("This Spark has no Hadoop YARN client")
        .hasMessageContaining(folder.resolve("jars").toString());
  }

  @Test
  void clientSharesTheLogAndItsOwnLanguageWithTheServerOnly() throws ClassNotFoundException {
    ClassLoader shared = new SharedClasses(getClass().getClassLoader());

    for (Class<?> type :
        List.of(
            ClusterManager.class,
            ClusterApplication.class,
            ClusterApplication.State.class,
            Logger.class,
            String.class)) {
      assertThat(shared.loadClass(type.getName())).isSameAs(type);
    }
    for (Class<?> type : List.of(SessionService.class, X500Name.class, Test.class)) {
      assertThatThrownBy(() -> shared.loadClass(type.getName()))
          .isInstanceOf(ClassNotFoundException.class);
    }
    assertThat(shared.getResource("org/junit/jupiter/api/Test.class")).isNull();
  }

  private IsolatedYarn open(Map<String, String> environment) throws IOException {
    return IsolatedYarn.open(
        new IsolatedYarn.Settings(
            folder.resolve("polybius-yarn.jar"),
            List.of(folder.resolve("jars").resolve("spark-core_2.12-3.5.5.jar")),
            environment,
            Optional.empty(),
            Duration.ofSeconds(1)));
  }
}
