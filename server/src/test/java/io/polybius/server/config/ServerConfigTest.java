package io.polybius.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.list;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
class ServerConfigTest {

  @TempDir Path home;

  @BeforeEach
  void makeConf() throws IOException {
    Files.createDirectories(home.resolve("conf"));
  }

  @Test
  void defaultsHoldWhereNothingIsSet() throws Exception {
    ServerConfig config = load(Map.of(), Map.of());

    assertThat(config.host().getHostAddress()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isEqualTo(8998);
    assertThat(config.sparkHome()).isEmpty();
    assertThat(config.sparkMaster()).isEqualTo("local[*]");
    assertThat(config.csrfProtection()).isFalse();
    assertThat(config.driverIdleTimeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(config.driverConnectTimeout()).isEqualTo(Duration.ofSeconds(90));
    assertThat(config.driverAddress().getHostAddress()).isEqualTo("127.0.0.1");
    assertThat(config.prespawnedDrivers()).isEqualTo(1);
    assertThat(config.retainedStatements()).isEqualTo(1000);
    assertThat(config.allowUnauthenticated()).isFalse();
    assertThat(config.tokenFile()).isEmpty();
    assertThat(config.stateDirectory()).isEmpty();
    assertThat(config.cacheDirectory()).isEmpty();
    assertThat(config.relayGrace()).isEqualTo(Duration.ofMinutes(1));
  }

  @Test
  void laterSourcesWin() throws Exception {
    write("livy.conf", "livy.server.port = 1\nlivy.spark.master = yarn\n");
    assertThat(load(Map.of(), Map.of()).port()).isEqualTo(1);

    write("polybius.conf", "livy.server.port = 2\n");
    assertThat(load(Map.of(), Map.of()).port()).isEqualTo(2);

    Map<String, String> environment = Map.of("POLYBIUS_LIVY_SERVER_PORT", "3");
    assertThat(load(environment, Map.of()).port()).isEqualTo(3);

    ServerConfig config = load(environment, Map.of("livy.server.port", "4"));
    assertThat(config.port()).isEqualTo(4);
    assertThat(config.sparkMaster()).isEqualTo("yarn");
  }

  @Test
  void livyConfIsTakenFromLivysOwnFolderWhenThatIsSet() throws Exception {
    write("livy.conf", "livy.server.port = 1\n");
    write("polybius.conf", "livy.spark.master = local[2]\n");
    Path livy = Files.createDirectory(home.resolve("etc-livy"));
    Files.writeString(livy.resolve("livy.conf"), "livy.server.port = 2\n");

    ServerConfig config = load(Map.of("LIVY_CONF_DIR", livy.toString()), Map.of());

    assertThat(config.port()).isEqualTo(2);
    assertThat(config.sparkMaster()).isEqualTo("local[2]");
  }

  @Test
  void everySettingCanComeFromTheEnvironment() {
    assertThat(ServerConfig.SETTINGS)
        .extracting(Setting::environmentVariable)
        .doesNotHaveDuplicates()
        .allMatch(name -> name.matches("POLYBIUS_[A-Z_]+"))
        .contains("POLYBIUS_LIVY_SERVER_SPARK_HOME", "POLYBIUS_SERVER_TOKEN_FILE");
  }

  @Test
  void everyComponentIsASetting() throws IllegalAccessException {
    RecordComponent[] components = ServerConfig.class.getRecordComponents();
    List<Object> declared = new ArrayList<>();
    for (Field field : ServerConfig.class.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == Setting.class) {
        declared.add(field.get(null));
      }
    }

    assertThat(ServerConfig.SETTINGS).hasSize(components.length);
    assertThat(declared).containsExactlyInAnyOrderElementsOf(ServerConfig.SETTINGS);
    assertThat(Arrays.asList(components)).isNotEmpty();
  }

  @Test
  void unknownKeysAreRefusedWithTheNearestKnownOne() throws Exception {
    write("polybius.conf", "polybius.server.token_file = /t\n");

    assertThatThrownBy(() -> load(Map.of(), Map.of("livy.server.prot", "1", "port", "2")))
        .asInstanceOf(type(ConfigException.class))
        .extracting(ConfigException::problems)
        .asInstanceOf(list(String.class))
        .containsExactlyInAnyOrder(
            "polybius.server.token_file (in %s) is no setting; the nearest one is polybius.server.token-file."
                .formatted(home.resolve("conf").resolve("polybius.conf")),
            "livy.server.prot (on the command line) is no setting; the nearest one is livy.server.port.",
            "port (on the command line) is no setting; the nearest one is livy.server.port.");
  }

  @ParameterizedTest
  @CsvSource({
    "livy.keystore",
    "livy.server.auth.type",
    "livy.server.session.timeout",
    "livy.server.recovery.mode"
  })
  void livysOtherKeysAreRefusedAsNotSupported(String key) {
    assertThatThrownBy(() -> load(Map.of(), Map.of(key, "x")))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            key
                + " (on the command line) is a setting of Livy that is not supported here yet;"
                + " remove it.");
  }

  @Test
  void livysOldSpellingsAreTaken() throws Exception {
    write("livy.conf", "livy.rsc.retained_statements = 7\n");

    assertThat(load(Map.of(), Map.of()).retainedStatements()).isEqualTo(7);
  }

  @Test
  void otherProgramsKeysInLivyConfAndUnknownVariablesAreIgnored() throws Exception {
    write("livy.conf", "spark.master = local\nlivy.server.port = 5\n");

    ServerConfig config = load(Map.of("POLYBIUS_PORT_8998_TCP", "tcp://10.0.0.1:8998"), Map.of());

    assertThat(config.port()).isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "livy.server.port|65536|a number from 0 to 65535",
        "livy.server.port|-1|a number from 0 to 65535",
        "livy.server.port|http|a number from 0 to 65535",
        "livy.server.host|no.such.host.invalid|a host name or IP address",
        "livy.spark.master|''|a text that is not empty",
        "livy.server.csrf-protection.enabled|yes|true or false",
        "livy.rsc.retained-statements|0|a whole number from 1 up",
        "livy.rsc.server.idle-timeout|10 years|a time such as",
        "livy.rsc.server.idle-timeout|0s|a time such as",
        "livy.rsc.server.idle-timeout|-5s|a time such as"
      })
  void badValuesAreRefusedWithKeyValueAndSource(String key, String value, String expected)
      throws Exception {
    write("polybius.conf", key + " = " + value + "\n");

    assertThatThrownBy(() -> load(Map.of(), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "%s = %s (in %s): expected %s"
                .formatted(
                    key,
                    value.isEmpty() ? "(nothing)" : value,
                    home.resolve("conf").resolve("polybius.conf"),
                    expected));
  }

  @ParameterizedTest
  @CsvSource({
    "250, PT0.25S",
    "250ms, PT0.25S",
    "90s, PT1M30S",
    "2m, PT2M",
    "2min, PT2M",
    "8h, PT8H",
    "1d, PT24H",
    "1000us, PT0.001S"
  })
  void timesAreReadAsLivyReadsThem(String text, Duration time) throws Exception {
    assertThat(load(Map.of(), Map.of("livy.rsc.server.idle-timeout", text)).driverIdleTimeout())
        .isEqualTo(time);
  }

  @Test
  void allProblemsAreToldAtOnce() {
    assertThatThrownBy(
            () ->
                load(
                    Map.of("POLYBIUS_LIVY_SERVER_PORT", "x"),
                    Map.of("livy.nothing", "", "livy.rsc.retained-statements", "many")))
        .asInstanceOf(type(ConfigException.class))
        .satisfies(e -> assertThat(e.problems()).hasSize(3))
        .satisfies(
            e ->
                assertThat(e)
                    .hasMessageContaining("environment variable POLYBIUS_LIVY_SERVER_PORT"));
  }

  @Test
  void unreadableFilesAreAProblem() throws Exception {
    write("livy.conf", "livy.spark.master = \\u12\n");

    assertThatThrownBy(() -> load(Map.of(), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("livy.conf cannot be read");
  }

  private void write(String file, String text) throws IOException {
    Files.writeString(home.resolve("conf").resolve(file), text);
  }

  private ServerConfig load(Map<String, String> environment, Map<String, String> commandLine)
      throws ConfigException {
    return ServerConfig.load(home, environment, commandLine);
  }
}
