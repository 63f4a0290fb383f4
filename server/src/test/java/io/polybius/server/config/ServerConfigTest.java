package io.polybius.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.list;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.polybius.session.Kind;
import io.polybius.session.LaunchProfile;
import io.polybius.session.LaunchProfiles;
import io.polybius.session.SubmissionRules;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(20)
class ServerConfigTest {

  @TempDir Path home;
  private final Map<String, String> properties = new HashMap<>();

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
    assertThat(config.sessions())
        .isEqualTo(
            new ServerConfig.Sessions(
                Duration.ofHours(1),
                true,
                Duration.ofHours(8),
                false,
                Duration.ofMinutes(10),
                100,
                Duration.ofMinutes(1),
                Duration.ofSeconds(30),
                List.of(),
                List.of()));
    assertThat(config.uploads()).isEqualTo(new ServerConfig.Uploads(Optional.empty(), 104857600));
    assertThat(config.submissions())
        .isEqualTo(
            new SubmissionRules.Options(
                Set.of(),
                List.of(),
                "file:///",
                List.of(),
                false,
                Set.of("embedded"),
                LaunchProfiles.NONE));
    assertThat(config.http())
        .isEqualTo(
            new ServerConfig.Http(
                131072,
                false,
                new ServerConfig.AccessLog("", 5),
                new ServerConfig.SecurityHeaders(
                    true,
                    "1; mode=block",
                    "SAMEORIGIN",
                    "nosniff",
                    "max-age=31536000; includeSubDomains",
                    "default-src 'self'; frame-ancestors 'self'")));
  }

  @Test
  void laterSourcesWin() throws Exception {
    properties.put("livy.server.port", "7");
    properties.put("livy.rsc.retained-statements", "8");
    properties.put("polybius.home", "is of the launcher script");
    assertThat(load(Map.of(), Map.of()).port()).isEqualTo(7);

    write("livy.conf", "livy.server.port = 1\nlivy.spark.master = yarn\n");
    assertThat(load(Map.of(), Map.of()).port()).isEqualTo(1);

    write("polybius.conf", "livy.server.port = 2\n");
    assertThat(load(Map.of(), Map.of()).port()).isEqualTo(2);

    Map<String, String> environment = Map.of("POLYBIUS_LIVY_SERVER_PORT", "3");
    assertThat(load(environment, Map.of()).port()).isEqualTo(3);

    ServerConfig config = load(environment, Map.of("livy.server.port", "4"));
    assertThat(config.port()).isEqualTo(4);
    assertThat(config.sparkMaster()).isEqualTo("yarn");
    assertThat(config.retainedStatements()).isEqualTo(8);
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
    List<Object> declared = new ArrayList<>();
    for (Field field : ServerConfig.class.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == Setting.class) {
        declared.add(field.get(null));
      }
    }

    assertThat(declared).containsExactlyInAnyOrderElementsOf(ServerConfig.SETTINGS);
    // The forbidden keys and the default file system are in files of their own, what may be
    // submitted repeats the names of the Sparks, launch profiles are a family of settings, and the
    // four files of Kubernetes are in one map.
    assertThat(components(ServerConfig.class)).isEqualTo(ServerConfig.SETTINGS.size() + 4 - 3);
  }

  private static int components(Class<?> type) {
    return type.isRecord()
        ? Arrays.stream(type.getRecordComponents())
            .mapToInt(component -> components(component.getType()))
            .sum()
        : 1;
  }

  @Test
  void everySettingCounts() throws Exception {
    write(
        "polybius.conf",
        """
        livy.server.session.timeout = 1m
        livy.server.session.timeout-check = false
        livy.server.session.ttl = 2m
        livy.server.session.ttl-check = TRUE
        livy.server.session.state-retain.sec = 3m
        livy.server.session.max-creation = 4
        livy.server.heartbeat-watchdog.interval = 5m
        livy.rsc.job-cancel.timeout = 6m
        livy.rsc.jars = hdfs:///a.jar, hdfs:///b.jar
        livy.repl.jars = hdfs:///b.jar hdfs:///c.jar
        livy.file.local-dir-whitelist = /data,/srv/jars/
        livy.spark.file-list-configs = spark.my.files,spark.your.files
        livy.server.session.allow-custom-classpath = true
        livy.server.request-header.size = 8192
        livy.server.send-server-version = true
        polybius.server.access-log-dir = /var/log/polybius
        livy.server.request-log-retain.days = 0
        livy.server.security-headers.enabled = false
        livy.server.http.header.X-XSS-Protection = 0
        livy.server.http.header.X-Frame-Options = DENY
        livy.server.http.header.X-Content-Type-Options =
        livy.server.http.header.Strict-Transport-Security = max-age=1
        livy.server.http.header.Content-Security-Policy = default-src 'none'
        """);

    ServerConfig config = load(Map.of(), Map.of());

    assertThat(config.sessions())
        .isEqualTo(
            new ServerConfig.Sessions(
                Duration.ofMinutes(1),
                false,
                Duration.ofMinutes(2),
                true,
                Duration.ofMinutes(3),
                4,
                Duration.ofMinutes(5),
                Duration.ofMinutes(6),
                List.of("hdfs:///a.jar", "hdfs:///b.jar"),
                List.of("hdfs:///b.jar", "hdfs:///c.jar")));
    assertThat(config.sessions().jars())
        .containsExactly("hdfs:///a.jar", "hdfs:///b.jar", "hdfs:///c.jar");
    assertThat(config.submissions())
        .isEqualTo(
            new SubmissionRules.Options(
                Set.of(),
                List.of(Path.of("/data"), Path.of("/srv/jars")),
                "file:///",
                List.of("spark.my.files", "spark.your.files"),
                true,
                Set.of("embedded"),
                LaunchProfiles.NONE));
    assertThat(config.http())
        .isEqualTo(
            new ServerConfig.Http(
                8192,
                true,
                new ServerConfig.AccessLog("/var/log/polybius", 0),
                new ServerConfig.SecurityHeaders(
                    false, "0", "DENY", "", "max-age=1", "default-src 'none'")));
  }

  @Test
  void sparksHaveNamesByWhichTheyAreChosen() throws Exception {
    String key = "polybius.sparks";
    ServerConfig config = load(Map.of(), Map.of(key, "new-4.1=/opt/spark4, old=/opt/a=b"));
    assertThat(config.sparks())
        .isEqualTo(Map.of("new-4.1", Path.of("/opt/spark4"), "old", Path.of("/opt/a=b")));
    assertThat(config.submissions().sparks()).containsOnly("embedded", "new-4.1", "old");
    for (String wrong : List.of("/opt/spark4", "=/opt/spark4", "a b=/c", "a=/b,a=/c", "a=")) {
      assertThatThrownBy(() -> load(Map.of(), Map.of(key, wrong)))
          .isInstanceOfSatisfying(
              ConfigException.class, refused -> assertThat(refused.problems()).hasSize(1))
          .hasMessageContaining("NAME=FOLDER");
    }
  }

  @Test
  void launchProfilesHaveNamesAndSettings() throws Exception {
    write(
        "polybius.conf",
        """
        polybius.sparks = spark4=/opt/spark4
        polybius.default-profile = plain
        polybius.profile.plain.spark.sql.shuffle.partitions = 8
        polybius.profile.large_1.title = YARN, large
        polybius.profile.large_1.kinds = scala, sql, jupyter:Bash
        polybius.profile.large_1.polybius.spark = spark4
        polybius.profile.large_1.driver-memory = 4g
        polybius.profile.large_1.driver-cores = 2
        polybius.profile.large_1.executor-memory = 512MB
        polybius.profile.large_1.executor-cores = 3
        polybius.profile.large_1.num-executors = 20
        polybius.profile.large_1.queue = analysts
        polybius.profile.large_1.spark.master = yarn
        polybius.profile.large_1.spark.submit.deployMode = Cluster
        """);

    assertThat(load(Map.of(), Map.of()).submissions().profiles())
        .isEqualTo(
            new LaunchProfiles(
                List.of(
                    new LaunchProfile(
                        "large_1",
                        "YARN, large",
                        Optional.of(
                            List.of(
                                Kind.SPARK, Kind.SQL, Kind.ofJupyterKernel("bash").orElseThrow())),
                        Map.of(
                            "polybius.spark", "spark4",
                            "spark.driver.memory", "4g",
                            "spark.driver.cores", "2",
                            "spark.executor.memory", "512MB",
                            "spark.executor.cores", "3",
                            "spark.executor.instances", "20",
                            "spark.yarn.queue", "analysts",
                            "spark.master", "yarn",
                            "spark.submit.deployMode", "cluster")),
                    new LaunchProfile(
                        "plain",
                        "plain",
                        Optional.empty(),
                        Map.of("spark.sql.shuffle.partitions", "8"))),
                Optional.of("plain")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "polybius.profile.big.driver-memroy|4g|is no setting; the nearest one is"
            + " polybius.profile.big.driver-memory.",
        "polybius.profile.big.livy.spark.master|x|is no setting; the nearest one is"
            + " polybius.profile.big.spark.master.",
        "polybius.profile.big|x|is no setting; the nearest one is polybius.profile.NAME.",
        "polybius.profile.a b.title|x|is no setting; the nearest one is polybius.profile.NAME.title.",
        "polybius.profile.big.spark.|x|is no setting; the nearest one is polybius.profile.big.",
        "polybius.profile.big.driver-memory|much|expected a size such as 512m or 4g.",
        "polybius.profile.big.num-executors|-1|expected a whole number from 1 up.",
        "polybius.profile.big.kinds|cobol|expected a list of spark, pyspark, sparkr, sql or",
        "polybius.profile.big.kinds|shared|expected a list of spark, pyspark, sparkr, sql or",
        "polybius.profile.big.spark.submit.deployMode|here|expected client or cluster.",
        "polybius.profile.big.polybius.spark|spark4|expected one of embedded.",
        "polybius.default-profile|big|expected the name of a launch profile, of which there are none."
      })
  void launchProfilesThatCannotBeMeantAreRefused(String key, String value, String reason) {
    assertThatThrownBy(() -> load(Map.of(), Map.of(key, value)))
        .isInstanceOfSatisfying(
            ConfigException.class, refused -> assertThat(refused.problems()).hasSize(1))
        .hasMessageStartingWith(key)
        .hasMessageContaining("(on the command line)")
        .hasMessageContaining(reason);
  }

  @Test
  void launchProfilesAreToldApartWithoutTheirCapitals() {
    assertThatThrownBy(
            () ->
                load(
                    Map.of(),
                    Map.of(
                        "polybius.profile.Big.title", "a",
                        "polybius.profile.big.title", "b",
                        "polybius.default-profile", "bigg")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("polybius.profile.big: there is a launch profile whose name differs")
        .hasMessageContaining(
            "polybius.default-profile = bigg (on the command line): expected one of Big, big.");
  }

  @Test
  void clustersHaveTheDefaultsOfLivy() throws Exception {
    assertThat(load(Map.of(), Map.of()).clusters())
        .isEqualTo(
            new ServerConfig.Clusters(
                "client",
                List.of(),
                Optional.empty(),
                new ServerConfig.Yarn(
                    Duration.ofMinutes(2),
                    Duration.ofSeconds(5),
                    Duration.ofMinutes(10),
                    Duration.ofMinutes(1),
                    Optional.empty()),
                Optional.empty(),
                Map.of()));
  }

  @Test
  void clustersAreAsTheOperatorSays() throws Exception {
    write(
        "livy.conf",
        """
        livy.spark.deployMode = cluster
        livy.rsc.launcher.address = edge-1.example.org, 10.0.0.7, fe80::1
        livy.rsc.launcher.port.range = 10000~10010
        livy.server.yarn.app-lookup-timeout = 1s
        livy.server.yarn.poll-interval = 2s
        livy.server.yarn.app-leakage.check-timeout = 3s
        livy.server.yarn.app-leakage.check_interval = 4s
        polybius.yarn.staging-directory = hdfs://nn:8020/apps/polybius
        polybius.standalone.driver-jar = file:/opt/polybius/driver.jar
        livy.server.kubernetes.oauthTokenFile = /run/token
        """);

    assertThat(load(Map.of(), Map.of()).clusters())
        .isEqualTo(
            new ServerConfig.Clusters(
                "cluster",
                List.of("edge-1.example.org", "10.0.0.7", "fe80::1"),
                Optional.of(new PortRange(10000, 10010)),
                new ServerConfig.Yarn(
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(4),
                    Optional.of(URI.create("hdfs://nn:8020/apps/polybius"))),
                Optional.of(URI.create("file:/opt/polybius/driver.jar")),
                Map.of("livy.server.kubernetes.oauthTokenFile", "/run/token")));
  }

  @Test
  void theLogOfRequestsIsInItsFolderOrOff() throws Exception {
    Path usual = Path.of("/usual");
    String key = "polybius.server.access-log-dir";
    assertThat(load(Map.of(), Map.of()).http().accessLog().folder(usual)).contains(usual);
    assertThat(load(Map.of(), Map.of(key, "/logs")).http().accessLog().folder(usual))
        .contains(Path.of("/logs"));
    assertThat(load(Map.of(), Map.of(key, "logs")).http().accessLog().folder(usual))
        .contains(Path.of("logs").toAbsolutePath());
    assertThat(load(Map.of(), Map.of(key, "off")).http().accessLog().folder(usual)).isEmpty();
  }

  @Test
  void securityHeadersThatAreSent() throws Exception {
    ServerConfig.SecurityHeaders all = load(Map.of(), Map.of()).http().securityHeaders();
    assertThat(all.toSend(false))
        .isEqualTo(
            Map.of(
                "X-XSS-Protection", "1; mode=block",
                "X-Frame-Options", "SAMEORIGIN",
                "X-Content-Type-Options", "nosniff",
                "Content-Security-Policy", "default-src 'self'; frame-ancestors 'self'"));
    assertThat(all.toSend(true))
        .hasSize(5)
        .containsEntry("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    assertThat(
            load(Map.of(), Map.of("livy.server.http.header.X-Frame-Options", ""))
                .http()
                .securityHeaders()
                .toSend(true))
        .hasSize(4)
        .doesNotContainKey("X-Frame-Options");
    assertThat(
            load(Map.of(), Map.of("livy.server.security-headers.enabled", "false"))
                .http()
                .securityHeaders()
                .toSend(true))
        .isEmpty();
  }

  @Test
  void forbiddenKeysAreInAFileBesideLivyConf() throws Exception {
    String file =
        """
        # Not these.
        spark.master
          spark.submit.deployMode

        livy.rsc.server.idle-timeout
        spark.yarn.queue = any
        """;
    write("spark-blacklist.conf", file);
    assertThat(load(Map.of(), Map.of()).submissions().forbiddenKeys())
        .containsExactlyInAnyOrder(
            "spark.master",
            "spark.submit.deployMode",
            "livy.rsc.server.idle-timeout",
            "spark.yarn.queue");

    Path livy = Files.createDirectory(home.resolve("etc-livy"));
    Map<String, String> environment = Map.of("LIVY_CONF_DIR", livy.toString());
    assertThat(load(environment, Map.of()).submissions().forbiddenKeys()).isEmpty();
    Files.writeString(livy.resolve("spark-blacklist.conf"), "spark.yarn.queue\n");
    assertThat(load(environment, Map.of()).submissions().forbiddenKeys())
        .containsExactly("spark.yarn.queue");
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

  @Test
  void unknownKeysOfLivyAreRefusedWhereverTheyAre() throws Exception {
    write("livy.conf", "livy.server.recovery.mod = recovery\n");
    properties.put("livy.server.hots", "localhost");

    assertThatThrownBy(() -> load(Map.of(), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "livy.server.hots (a system property) is no setting; the nearest one is"
                + " livy.server.host.\n"
                + "livy.server.recovery.mod (in %s) is no setting; the nearest one is"
                    .formatted(home.resolve("conf").resolve("livy.conf"))
                + " livy.server.recovery.mode.");
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
        "livy.server.request-header.size|1023|a number of bytes from 1024 to 16777216",
        "livy.server.request-header.size|16777217|a number of bytes from 1024 to 16777216",
        "livy.server.request-log-retain.days|-1|a whole number from 0 up",
        "livy.server.session.max-creation|0|a whole number from 1 up",
        "livy.file.upload.max.size|0|a number of bytes from 1 up",
        "livy.file.upload.max.size|100m|a number of bytes from 1 up",
        "livy.file.upload.max.size|9223372036854775807|a number of bytes from 1 up",
        "livy.session.staging-dir|hdfs://nn/user/livy|a path, or a URL of a local folder",
        "livy.server.session.timeout-check|1|true or false",
        "livy.server.http.header.X-Frame-Options|DENY\\nX-Other: 1|one line of text, or nothing",
        "livy.file.local-dir-whitelist|/a,/b\\u0000|a list of folders with commas between",
        "livy.server.host|no.such.host.invalid|a host name or IP address",
        "livy.spark.master|''|a text that is not empty",
        "livy.spark.deploy-mode|here|client or cluster",
        "livy.rsc.launcher.address|http://edge|a list of host names or IP addresses",
        "livy.rsc.launcher.port.range|10010~10000|a range such as 10000~10010",
        "livy.rsc.launcher.port.range|10000~70000|a range such as 10000~10010",
        "livy.rsc.launcher.port.range|10000-10010|a range such as 10000~10010",
        "livy.server.yarn.poll-interval|0|a time such as",
        "polybius.yarn.staging-directory|/apps|a URI such as hdfs://nn:8020/apps",
        "polybius.standalone.driver-jar|a b|a URI such as hdfs://nn:8020/apps",
        "livy.server.csrf-protection.enabled|yes|true or false",
        "livy.rsc.retained-statements|0|a whole number from 1 up",
        "livy.rsc.server.idle-timeout|10 years|a time such as",
        "livy.rsc.server.idle-timeout|0s|a time such as",
        "livy.server.session.ttl|999999999999d|a time such as",
        "livy.server.session.state-retain.sec|0|a time such as",
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
                    value.isEmpty() ? "(nothing)" : unescaped(value),
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

  /** As a file of properties says it. */
  private static String unescaped(String text) {
    return text.replace("\\n", "\n").replace("\\u0000", "\0");
  }

  private ServerConfig load(Map<String, String> environment, Map<String, String> commandLine)
      throws ConfigException {
    return ServerConfig.load(new Sources(home, properties, environment, commandLine));
  }
}
