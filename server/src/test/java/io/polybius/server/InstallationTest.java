package io.polybius.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class InstallationTest {

  @TempDir Path folder;

  @Test
  void logsAreInTheInstallation() throws IOException {
    Installation installation = Installation.at(folder);

    assertThat(installation.logs(Map.of())).isEqualTo(folder.resolve("logs"));
    Files.createDirectory(folder.resolve("logs"));
    assertThat(installation.logs(Map.of("LIVY_LOG_DIR", " "))).isEqualTo(folder.resolve("logs"));
  }

  @Test
  void logsAreWhereLivysAreToBe() {
    assertThat(Installation.at(folder).logs(Map.of("LIVY_LOG_DIR", "/var/log/livy")))
        .isEqualTo(Path.of("/var/log/livy"));
  }

  @Test
  void whereTheInstallationCannotBeWrittenLogsAndCacheAreInTheUsersCache() {
    // Not even root can write what is not there.
    Installation installation = Installation.at(folder.resolve("missing"));
    Map<String, String> environment = Map.of("XDG_CACHE_HOME", folder.toString());

    assertThat(installation.logs(environment)).isEqualTo(folder.resolve("polybius/logs"));
    assertThat(installation.cache(environment)).isEqualTo(folder.resolve("polybius"));
    assertThat(installation.logs(Map.of()))
        .isEqualTo(Path.of(System.getProperty("user.home"), ".cache", "polybius", "logs"));
    assertThat(installation.cache(Map.of("HOME", "/home/ada")))
        .isEqualTo(Path.of("/home/ada/.cache/polybius"));
  }
}
