package io.polybius.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.polybius.server.config.LivyKeys.Fate;
import io.polybius.server.config.LivyKeys.LivyKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** What becomes of the settings of Livy that are none here. */
@Timeout(20)
class LivyKeysTest {

  /** The keys of Livy 0.9 that the specification of its settings names, and their old spellings. */
  private static final String KEYS_OF_LIVY =
      """
      livy.server.host livy.server.port livy.ui.enabled livy.ui.basePath
      livy.server.request-header.size livy.server.response-header.size
      livy.server.send-server-version livy.server.request-log-retain.days livy.environment
      livy.ui.history-server-url livy.spark.master livy.spark.deploy-mode livy.server.spark-home
      livy.spark.version livy.spark.scala-version livy.spark.file-list-configs
      livy.repl.enable-hive-context livy.repl.jars livy.rsc.jars livy.pyspark.archives
      livy.sparkr.package livy.keystore livy.keystore.password livy.key-password
      livy.keystore.type livy.hadoop.security.credential.provider.path
      livy.server.csrf-protection.enabled livy.server.security-headers.enabled
      livy.server.http.header.X-XSS-Protection livy.server.http.header.X-Frame-Options
      livy.server.http.header.X-Content-Type-Options
      livy.server.http.header.Strict-Transport-Security
      livy.server.http.header.Content-Security-Policy livy.server.auth.type
      livy.server.auth.kerberos.principal livy.server.auth.kerberos.keytab
      livy.server.auth.kerberos.name-rules livy.server.auth.ldap.url livy.server.auth.ldap.base-dn
      livy.server.auth.ldap.username-domain livy.server.auth.ldap.enable-start-tls
      livy.server.auth.ldap.security-authentication livy.server.auth.mine.class
      livy.server.auth.mine.param.x livy.server.launch.kerberos.principal
      livy.server.launch.kerberos.keytab livy.server.launch.kerberos.refresh-interval
      livy.server.launch.kerberos.kinit-fail-threshold livy.impersonation.enabled
      livy.superusers livy.server.access-control.enabled
      livy.server.access-control.allowed-users livy.server.access-control.modify-users
      livy.server.access-control.view-users livy.server.session.timeout
      livy.server.session.timeout-check livy.server.session.timeout-check.skip-busy
      livy.server.session.ttl livy.server.session.ttl-check
      livy.server.session.state-retain.sec livy.server.session.max-creation
      livy.server.session.allow-custom-classpath livy.server.heartbeat-watchdog.interval
      livy.server.session.manage.threads livy.session.staging-dir
      livy.file.local-dir-whitelist livy.file.upload.max.size livy.cache-log.size
      livy.server.recovery.mode livy.server.recovery.state-store
      livy.server.recovery.state-store.url livy.server.zookeeper.url livy.server.zk.retry-policy
      livy.server.recovery.zk-state-store.retry-policy
      livy.server.recovery.zk-state-store.key-prefix livy.server.zk.sasl.enabled
      livy.server.zk.client.secure livy.server.zk.ssl.keyStore.password
      livy.server.zk.ssl.truststore.location livy.server.zk.ssl.truststore.password
      livy.server.hdfs.safe-mode.interval livy.server.hdfs.safe-mode.max.retry.attempts
      livy.server.yarn.app-lookup-timeout livy.server.yarn.poll-interval
      livy.server.yarn.app-leakage.check-timeout livy.server.yarn.app-leakage.check-interval
      livy.server.kubernetes.oauthTokenFile livy.server.kubernetes.oauthTokenValue
      livy.server.kubernetes.app-lookup-timeout livy.server.kubernetes.ingress.create
      livy.server.kubernetes.ingress.tls.secretName livy.server.kubernetes.grafana.url
      livy.server.kubernetes.spark.container.name livy.rsc.server.idle-timeout
      livy.rsc.server.connect.timeout livy.rsc.client.connect.timeout
      livy.rsc.client.shutdown-timeout livy.rsc.rpc.server.address livy.rsc.launcher.address
      livy.rsc.launcher.port.range livy.rsc.rpc.max.size livy.rsc.rpc.threads
      livy.rsc.rpc.sasl.mechanisms livy.rsc.job-cancel.trigger-interval
      livy.rsc.job-cancel.timeout livy.rsc.retained-statements
      livy.rsc.retained.share-variables livy.rsc.sql.num-rows livy.rsc.sparkr.package
      livy.rsc.pyspark.archives livy.rsc.proxy-user livy.rsc.driver-class
      livy.client.http.connection.timeout livy.client.http.spnego.enable
      livy.server.thrift.enabled livy.server.thrift.port
      livy.spark.deployMode livy.spark.scalaVersion livy.repl.enableHiveContext
      livy.server.csrf_protection.enabled livy.server.access_control.enabled
      livy.server.access_control.users livy.server.auth.kerberos.name_rules
      livy.server.launch.kerberos.refresh_interval
      livy.server.launch.kerberos.kinit_fail_threshold
      livy.server.yarn.app-leakage.check_timeout livy.server.yarn.app-leakage.check_interval
      livy.rsc.client.shutdown_timeout livy.rsc.driver_class livy.rsc.server.idle_timeout
      livy.rsc.proxy_user livy.rsc.job_cancel.trigger_interval livy.rsc.job_cancel.timeout
      livy.rsc.retained_statements
      """;

  /** A livy.conf in which an operator has uncommented what its template shows. */
  private static final String ORDINARY_LIVY_CONF =
      """
      livy.keystore =
      livy.keystore.password =
      livy.key-password =
      livy.keystore.type = JKS
      livy.hadoop.security.credential.provider.path =
      livy.server.host = 0.0.0.0
      livy.server.port = 8999
      livy.ui.basePath = ""
      livy.spark.master = local
      livy.spark.deploy-mode =
      livy.server.request-header.size = 131072
      livy.server.response-header.size = 131072
      livy.server.send-server-version = false
      livy.server.session.timeout-check = true
      livy.server.session.timeout-check.skip-busy = false
      livy.server.session.timeout = 2h
      livy.server.session.state-retain.sec = 600s
      livy.server.session.ttl-check = false
      livy.server.session.ttl = 8h
      livy.impersonation.enabled = false
      livy.cache-log.size = 200
      livy.rsc.jars =
      livy.repl.jars =
      livy.pyspark.archives =
      livy.sparkr.package =
      livy.file.local-dir-whitelist =
      livy.server.csrf-protection.enabled =
      livy.server.security-headers.enabled = true
      livy.server.http.header.X-Frame-Options = SAMEORIGIN
      livy.server.http.header.Content-Security-Policy = default-src 'self'; img-src 'self';
      livy.repl.enable-hive-context =
      livy.server.recovery.mode = off
      livy.server.zookeeper.url =
      livy.server.recovery.state-store =
      livy.server.recovery.state-store.url =
      livy.server.recovery.zk-state-store.retry-policy = 5,100
      livy.server.zk.retry-policy =
      livy.server.recovery.zk-state-store.key-prefix = livy
      livy.server.zk.sasl.enabled = false
      livy.server.zk.sasl.login-context = Client
      livy.server.zk.client.secure=false
      livy.server.zk.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty
      livy.server.yarn.app-lookup-timeout = 120s
      livy.server.yarn.app-leakage.check-timeout = 600s
      livy.server.yarn.app-leakage.check-interval = 60s
      livy.server.yarn.poll-interval = 5s
      livy.server.request-log-retain.days = 5
      livy.ui.enabled = true
      livy.server.access-control.enabled = false
      livy.server.access-control.allowed-users = *
      livy.server.access-control.modify-users =
      livy.server.access-control.view-users =
      livy.server.auth.kerberos.name-rules = DEFAULT
      livy.server.session.allow-custom-classpath = false
      livy.server.hdfs.safe-mode.interval = 5
      livy.server.hdfs.safe-mode.max.retry.attempts = 10
      livy.server.kubernetes.oauthTokenFile =
      livy.server.kubernetes.app-lookup-timeout = 600s
      livy.server.kubernetes.ingress.create = false
      livy.server.kubernetes.grafana.loki.enabled = false
      livy.ui.history-server-url = http://spark-history-server
      """;

  @TempDir Path home;
  private final Logger logger = (Logger) LoggerFactory.getLogger(SettingValues.class);
  private final ListAppender<ILoggingEvent> warnings = new ListAppender<>();

  @BeforeEach
  void listen() throws IOException {
    Files.createDirectories(home.resolve("conf"));
    warnings.start();
    logger.setAdditive(false);
    logger.setLevel(Level.WARN);
    logger.addAppender(warnings);
  }

  @AfterEach
  void endListening() {
    logger.detachAppender(warnings);
    logger.setLevel(null);
    logger.setAdditive(true);
  }

  static Stream<LivyKey> ignored() {
    return with(Fate.IGNORED);
  }

  static Stream<LivyKey> refused() {
    return with(Fate.REFUSED);
  }

  static Stream<LivyKey> old() {
    return with(Fate.OLD);
  }

  private static Stream<LivyKey> with(Fate fate) {
    return LivyKeys.read().all().stream().filter(key -> key.fate() == fate);
  }

  @Test
  void eachKeyIsKnownOnce() {
    List<String> all = new ArrayList<>();
    ServerConfig.SETTINGS.forEach(setting -> all.add(setting.key()));
    LivyKeys.read().all().forEach(key -> all.add(key.key()));

    assertThat(all).doesNotHaveDuplicates();
    for (String key : KEYS_OF_LIVY.strip().split("\\s+")) {
      assertThat(all.contains(key) || LivyKeys.read().find(key).isPresent()).as(key).isTrue();
    }
  }

  @Test
  void oldSpellingsLeadToKeysThatAreNotOld() {
    List<String> settings = ServerConfig.SETTINGS.stream().map(Setting::key).toList();

    assertThat(old())
        .allSatisfy(
            key ->
                assertThat(
                        settings.contains(key.details())
                            || LivyKeys.read().find(key.details()).orElseThrow().fate() != Fate.OLD)
                    .isTrue());
  }

  @Test
  void anOrdinaryLivyConfStarts() throws Exception {
    writeLivyConf(ORDINARY_LIVY_CONF);

    ServerConfig config = load(Map.of());

    assertThat(config.port()).isEqualTo(8999);
    assertThat(config.csrfProtection()).isFalse();
    assertThat(config.sessions().timeout().toHours()).isEqualTo(2);
    assertThat(warnings())
        .contains(
            "livy.server.session.timeout-check.skip-busy (in %s) has no effect: a session in which"
                    .formatted(home.resolve("conf").resolve("livy.conf"))
                + " something runs is not idle")
        .noneMatch(line -> line.contains("impersonation") || line.contains("livy.keystore"));
  }

  @ParameterizedTest
  @MethodSource("ignored")
  void ignoredKeysAreAcceptedWithOneWarning(LivyKey key) throws Exception {
    String name = key.key().replace("*", "x");

    load(Map.of(name, "some value"));

    assertThat(warnings())
        .containsExactly(name + " (on the command line) has no effect: " + key.reason());
  }

  @ParameterizedTest
  @MethodSource("refused")
  void refusedKeysAreRefusedWithoutTellingTheirValue(LivyKey key) {
    String name = key.key().replace("*", "x");

    assertThatThrownBy(() -> load(Map.of(name, "hush")))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            name + " (on the command line) is not supported yet: " + key.reason() + ". Remove it")
        .hasMessageNotContaining("hush");
  }

  @Test
  void valuesThatSwitchNothingOnAreAcceptedWithoutAWord() throws Exception {
    for (LivyKey key : Stream.concat(ignored(), refused()).toList()) {
      String name = key.key().replace("*", "x");
      load(Map.of(name, " "));
      for (String harmless : key.details().split(" ")) {
        load(Map.of(name, harmless));
      }
    }
    load(Map.of("livy.server.recovery.mode", "OFF"));

    assertThat(warnings()).isEmpty();
  }

  @Test
  void whatIsRefusedSaysWhatToDo() {
    assertThatThrownBy(() -> load(Map.of("livy.rsc.proxy-user", "bob")))
        .hasMessage(
            "livy.rsc.proxy-user (on the command line) is not supported yet: a session or batch"
                + " names its user as `proxyUser`, if `livy.impersonation.enabled` lets it. Remove it.");
    assertThatThrownBy(() -> load(Map.of("livy.keystore", "/x")))
        .hasMessageEndingWith("put a proxy with TLS in front of it. Remove it.");
  }

  @Test
  void laterSourcesCanTakeBackWhatIsRefused() throws Exception {
    writeLivyConf("livy.keystore = /x\nlivy.impersonation.enabled = true\n");

    load(Map.of("livy.keystore", "", "livy.impersonation.enabled", "false"));

    assertThat(warnings()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("old")
  void oldSpellingsAreTakenWithAWarning(LivyKey key) throws Exception {
    Map<String, String> values =
        Map.of(
            "livy.server.csrf-protection.enabled", "true",
            "livy.spark.deploy-mode", "cluster",
            "livy.server.yarn.app-leakage.check-timeout", "3m",
            "livy.server.yarn.app-leakage.check-interval", "4m",
            "livy.rsc.server.idle-timeout", "1m",
            "livy.rsc.job-cancel.timeout", "2m",
            "livy.rsc.retained-statements", "7");
    String value = values.getOrDefault(key.details(), "");
    ServerConfig config = load(Map.of(key.key(), value));

    assertThat(warnings())
        .containsExactly(key.key() + " (on the command line) is called " + key.details() + " now");
    assertThat(config).isEqualTo(load(Map.of(key.details(), value)));
    if (!value.isEmpty()) {
      assertThat(config).isNotEqualTo(load(Map.of()));
    }
  }

  @Test
  void theNewSpellingWinsOverTheOldOneBesideIt() throws Exception {
    writeLivyConf("livy.rsc.retained_statements = 7\nlivy.rsc.retained-statements = 8\n");
    assertThat(load(Map.of()).retainedStatements()).isEqualTo(8);

    // But a later source wins, however it spells the key.
    assertThat(load(Map.of("livy.rsc.retained_statements", "9")).retainedStatements()).isEqualTo(9);
  }

  @Test
  void oldSpellingsAreNoWayAroundARefusal() {
    Map<String, String> given = new HashMap<>();
    given.put("livy.server.access_control.enabled", "true");
    given.put("livy.server.access_control.users", "alice");
    given.put("livy.rsc.proxy_user", "alice");

    assertThatThrownBy(() -> load(given))
        .isInstanceOfSatisfying(
            ConfigException.class, refused -> assertThat(refused.problems()).hasSize(3))
        .hasMessageContaining("livy.server.access-control.enabled (on the command line)")
        .hasMessageContaining("livy.server.access-control.allowed-users (on the command line)")
        .hasMessageContaining("livy.rsc.proxy-user (on the command line)");
  }

  private void writeLivyConf(String text) throws IOException {
    Files.writeString(home.resolve("conf").resolve("livy.conf"), text);
  }

  private List<String> warnings() {
    return warnings.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  private ServerConfig load(Map<String, String> commandLine) throws ConfigException {
    return ServerConfig.load(new Sources(home, Map.of(), Map.of(), commandLine));
  }
}
