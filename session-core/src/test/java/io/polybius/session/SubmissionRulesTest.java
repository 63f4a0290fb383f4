package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Traversal and links are tried for real: {@code data} is open to users, and {@code etc} is not.
 */
@Timeout(20)
class SubmissionRulesTest {

  @TempDir Path folder;
  private Path data;
  private Path secret;
  private SubmissionRules rules;

  @BeforeEach
  void makeFolders() throws IOException {
    folder = folder.toRealPath();
    data = Files.createDirectory(folder.resolve("data"));
    Files.createDirectory(data.resolve("jars"));
    Files.createFile(data.resolve("jars/a.jar"));
    Files.createDirectory(folder.resolve("database"));
    Files.createFile(folder.resolve("database/a.jar"));
    secret = Files.createFile(Files.createDirectory(folder.resolve("etc")).resolve("secret"));
    rules = localFiles(data);
  }

  // ---- keys

  @Test
  void withoutRulesEverythingGoesThroughAsItIs() {
    SessionSettings session =
        session(Map.of("spark.submit.deployMode", "cluster", " spark.jars", "x"));
    assertThat(SubmissionRules.NONE.check(session)).isSameAs(session);
    BatchSettings batch = batch("");
    assertThat(SubmissionRules.NONE.check(batch)).isSameAs(batch);
  }

  @Test
  void forbiddenKeysAreRejectedTogether() {
    SubmissionRules strict =
        new SubmissionRules(
            new SubmissionRules.Options(
                Set.of("spark.yarn.queue", "livy.rsc.server.idle-timeout"),
                List.of(),
                "file:///",
                List.of(),
                false,
                Set.of(),
                LaunchProfiles.NONE));
    SessionSettings asked =
        session(
            Map.of(
                "spark.yarn.queue", "fast",
                "livy.rsc.server.idle-timeout", "1d",
                "spark.executor.cores", "2"));

    assertRejected(
        () -> strict.check(asked),
        "Blacklisted configuration values in session config: livy.rsc.server.idle-timeout,"
            + " spark.yarn.queue");
    assertRejected(
        () ->
            strict.check(
                new BatchSettings("hdfs:/a.jar", Optional.empty(), List.of(), asked.application())),
        "Blacklisted configuration values in session config: livy.rsc.server.idle-timeout,"
            + " spark.yarn.queue");
    assertThat(strict.check(session(Map.of("spark.executor.cores", "2"))).application().conf())
        .isEqualTo(Map.of("spark.executor.cores", "2"));
  }

  private static final LaunchProfile LARGE =
      new LaunchProfile(
          "large",
          "YARN, large",
          Optional.empty(),
          Map.of(
              "spark.master", "yarn",
              "spark.submit.deployMode", "cluster",
              "spark.driver.memory", "4g",
              "spark.executor.memoryOverhead", "1g",
              "spark.files", "/etc/passwd",
              "polybius.spark", "new"));

  private static SubmissionRules profiles(Optional<String> usual, LaunchProfile... profiles) {
    return new SubmissionRules(
        new SubmissionRules.Options(
            Set.of("spark.yarn.queue"),
            List.of(),
            "file:///",
            List.of(),
            false,
            Set.of("new", "embedded"),
            new LaunchProfiles(List.of(profiles), usual)));
  }

  @Test
  void aLaunchProfileSetsWhatIsNotAskedFor() {
    SubmissionRules rules = profiles(Optional.empty(), LARGE);

    ApplicationSettings checked =
        rules.check(session(Map.of("polybius.profile", " large ", "spark.a", "1"))).application();

    assertThat(checked.sparkConf(Map.of()))
        .isEqualTo(
            Map.of(
                "spark.master", "yarn",
                "spark.submit.deployMode", "cluster",
                "spark.driver.memory", "4g",
                "spark.executor.memoryOverhead", "1g",
                "spark.files", "/etc/passwd",
                "spark.a", "1"));
    assertThat(checked.master()).contains("yarn");
    assertThat(checked.deployMode()).contains("cluster");
    assertThat(checked.spark()).contains("new");
    assertThat(checked.profile()).contains("large");
    BatchSettings batch =
        rules.check(
            new BatchSettings(
                "hdfs:/a.jar",
                Optional.empty(),
                List.of(),
                ApplicationSettings.NONE.withConf(Map.of("polybius.profile", "large"))));
    assertThat(batch.application().master()).contains("yarn");
  }

  @Test
  void whatIsAskedForWinsOverTheLaunchProfile() {
    SessionSettings asked =
        session(
            Map.of(
                "polybius.profile", "large",
                "polybius.spark", "embedded",
                // As earlier releases of Spark call it.
                "spark.yarn.executor.memoryOverhead", "2g",
                "spark.driver.memory", "1g"));

    ApplicationSettings checked = profiles(Optional.empty(), LARGE).check(asked).application();

    assertThat(checked.spark()).contains("embedded");
    assertThat(checked.conf())
        .containsEntry("spark.driver.memory", "1g")
        .containsEntry("spark.yarn.executor.memoryOverhead", "2g")
        .doesNotContainKey("spark.executor.memoryOverhead");
    SessionSettings byField =
        asked.withApplication(
            new ApplicationSettings(
                Optional.empty(),
                Optional.empty(),
                Optional.of("8g"),
                OptionalInt.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                List.of("hdfs:/a.jar"),
                List.of(),
                List.of("hdfs:/b.txt"),
                List.of(),
                Map.of("polybius.profile", "large")));
    assertThat(profiles(Optional.empty(), LARGE).check(byField).application().sparkConf(Map.of()))
        .containsEntry("spark.driver.memory", "8g")
        .containsEntry("spark.jars", "hdfs:/a.jar")
        .containsEntry("spark.files", "hdfs:/b.txt,/etc/passwd");
  }

  @Test
  void aLaunchProfileIsNoWayAroundTheRules() {
    SubmissionRules rules = profiles(Optional.empty(), LARGE);

    assertRejected(
        () ->
            rules.check(
                session(
                    Map.of(
                        "polybius.profile", "large",
                        "spark.yarn.queue", "fast",
                        "spark.submit.deployMode", "client"))),
        "Blacklisted configuration values in session config: spark.submit.deployMode,"
            + " spark.yarn.queue");
    assertThat(
            rules
                .check(session(Map.of("polybius.profile", "large", "spark.master", "local")))
                .application()
                .master())
        .contains("yarn");
    assertThat(rules.check(session(Map.of("spark.master", "local"))).application().master())
        .isEmpty();
  }

  @Test
  void theUsualLaunchProfileIsForThoseWhoAskForNone() {
    LaunchProfile small =
        new LaunchProfile("small", "small", Optional.empty(), Map.of("spark.master", "local[2]"));
    SubmissionRules rules = profiles(Optional.of("small"), LARGE, small);

    assertThat(rules.check(session(Map.of())).application().master()).contains("local[2]");
    assertThat(rules.check(session(Map.of("polybius.profile", "large"))).application().master())
        .contains("yarn");
  }

  @Test
  void aLaunchProfileIsAskedForByANameThatThereIs() {
    SessionSettings asked = session(Map.of("polybius.profile", "small\n"));

    assertRejected(
        () -> profiles(Optional.empty(), LARGE).check(asked),
        "There is no launch profile 'small' here. polybius.profile can be: large");
    assertRejected(
        () -> rules.check(asked), "There is no launch profile 'small' here. There are none.");
  }

  @Test
  void aSparkIsAskedForByANameThatThereIs() {
    SubmissionRules two =
        new SubmissionRules(
            new SubmissionRules.Options(
                Set.of(),
                List.of(),
                "file:///",
                List.of(),
                false,
                Set.of("new", "embedded"),
                LaunchProfiles.NONE));
    SessionSettings asked = session(Map.of("polybius.spark", " new "));
    assertThat(two.check(asked).application().spark()).contains("new");
    assertRejected(
        () -> two.check(session(Map.of("polybius.spark", "old"))),
        "There is no Spark 'old' here. polybius.spark can be: embedded, new");
  }

  @ParameterizedTest
  @CsvSource({
    "spark.kerberos.keytab, spark.yarn.keytab",
    "spark.yarn.keytab, spark.kerberos.keytab",
    "spark.yarn.jars, spark.yarn.jar",
    "spark.yarn.access.namenodes, spark.yarn.access.hadoopFileSystems",
    "spark.executor.memoryOverhead, spark.yarn.executor.memoryOverhead",
    "livy.rsc.retained-statements, livy.rsc.retained_statements",
    "spark.yarn.queue, SPARK.yarn.Queue"
  })
  void aForbiddenKeyIsForbiddenByItsOtherNamesToo(String forbidden, String other) {
    SubmissionRules strict =
        new SubmissionRules(
            new SubmissionRules.Options(
                Set.of(forbidden),
                List.of(),
                "file:///",
                List.of(),
                true,
                Set.of(),
                LaunchProfiles.NONE));

    assertRejected(
        () -> strict.check(session(Map.of(other, "x"))),
        "Blacklisted configuration values in session config: " + other);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.submit.deployMode",
        "spark.submit.proxyUser.allowCustomClasspathInClusterMode"
      })
  void customClasspathsAreForTheOperatorToAllow(String key) {
    SessionSettings asked = session(Map.of(key, "true"));
    SubmissionRules open =
        new SubmissionRules(
            new SubmissionRules.Options(
                Set.of(), List.of(), "file:///", List.of(), true, Set.of(), LaunchProfiles.NONE));

    assertRejected(
        () -> rules.check(asked), "Blacklisted configuration values in session config: " + key);
    assertThat(open.check(asked)).isEqualTo(asked);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " spark.master",
        "spark.master ",
        "\tspark.jars",
        "spark.jars\n",
        "spark.jars\u0000",
        "spark.\u0000jars",
        "spark.jars\u00a0",
        "spark.jars\u2028",
        "spark.jars=file:/etc/passwd,x",
        "="
      })
  void keysThatOthersWouldReadAsAnotherKeyAreRejected(String key) {
    assertRejected(() -> rules.check(session(Map.of(key, "x"))), "is no setting of Spark.");
  }

  @Test
  void valuesWithNullBytesAreRejected() {
    assertRejected(
        () -> rules.check(session(Map.of("spark.app.name", "a\u0000b"))),
        "is no setting of Spark.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "spark.driver.extraJavaOptions|-Dspark.submit.deployMode=cluster|spark.submit.deployMode",
        "spark.driver.extraJavaOptions|-Xint -Dspark.files=/etc/passwd|spark.files",
        "spark.driver.defaultJavaOptions|\"-Dspark.\"yarn.keyt\\ab=/x|spark.yarn.keytab",
        "SPARK.driver.extrajavaoptions|'-Dspark.jars=/x'|spark.jars"
      })
  void jvmOptionsAreNoWayAroundTheRules(String key, String options, String forbidden) {
    assertRejected(
        () -> rules.check(session(Map.of(key, options))),
        "Blacklisted configuration values in session config: " + forbidden);
  }

  @Test
  void otherJvmOptionsAreTheUsersBusiness() {
    SessionSettings asked =
        session(Map.of("spark.driver.extraJavaOptions", "-Dspark.ui.port=1 -Dx=spark.jars -Xint"));

    assertThat(rules.check(asked)).isEqualTo(asked);
  }

  @ParameterizedTest
  @CsvSource({
    "spark.hadoop.fs.viewfs.mounttable.nn.link./x, file:///etc",
    "spark.hadoop.fs.VIEWFS.mounttable.nn.link./x, hdfs://nn/x",
    "spark.hadoop.fs.hdfs.impl, org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
    "spark.hadoop.fs.x.impl, org.apache.hadoop.fs.ProxyLocalFileSystem",
    "spark.hadoop.fs.AbstractFileSystem.x.impl, org.apache.hadoop.fs.HarFs"
  })
  void otherFileSystemsCannotBeMadeToMeanTheLocalOne(String key, String value) {
    assertRejected(
        () -> rules.check(session(Map.of(key, value))),
        "Blacklisted configuration values in session config: " + key);
  }

  @Test
  void ordinaryFileSystemsCanBeChosen() {
    SessionSettings asked =
        session(Map.of("spark.hadoop.fs.s3a.impl", "org.apache.hadoop.fs.s3a.S3AFileSystem"));

    assertThat(rules.check(asked)).isEqualTo(asked);
  }

  // ---- files of this machine

  @Test
  void localFilesInOpenFoldersAreHandedOnByTheirRealPath() throws IOException {
    Files.createSymbolicLink(folder.resolve("current"), data);
    Files.createSymbolicLink(data.resolve("b.jar"), data.resolve("jars/a.jar"));
    String expected = "file://" + data + "/jars/a.jar";

    for (String spelling :
        List.of(
            data + "/jars/a.jar",
            "file:" + data + "/jars/a.jar",
            "file://" + data + "/jars/a.jar",
            "file:///" + data + "/jars/a.jar",
            "file:////" + data + "/jars/a.jar",
            "file://localhost" + data + "/jars/a.jar",
            "FILE:" + data + "/jars/a.jar",
            "file:" + data + "//jars/./a.jar",
            "file:" + data + "/x/../jars/a.jar",
            "file:" + data + "/jars/%61%2Ejar",
            "file:" + data + "/b.jar",
            "file:" + folder + "/current/jars/a.jar",
            "file:" + folder + "/etc/../data/jars/a.jar",
            "  file:" + data + "/jars/a.jar  ")) {
      assertThat(jar(rules, spelling)).as(spelling).isEqualTo(expected);
    }
    assertThat(jar(rules, "local:" + data + "/b.jar")).isEqualTo("local://" + data + "/jars/a.jar");
  }

  @Test
  void fragmentsAreKept() {
    assertThat(jar(rules, data + "/jars/a.jar#b.jar"))
        .isEqualTo("file://" + data + "/jars/a.jar#b.jar");
    assertThat(jar(remoteDefault(), "/x/a.zip#env")).isEqualTo("hdfs://nn:8020/x/a.zip#env");
    assertThat(jar(remoteDefault(), "s3a://bucket/a.zip#env")).isEqualTo("s3a://bucket/a.zip#env");
    for (String alias :
        List.of("../x", "x/y", "..", ".", "a%2Cb", "", "a%20b", "*", "a%2Fb", "a%00")) {
      assertRejected(() -> jar(rules, data + "/jars/a.jar#" + alias), "is not valid.");
      assertRejected(() -> jar(rules, "s3a://bucket/a.zip#" + alias), "is not valid.");
    }
  }

  /** Each way to write a folder above, with each way to write a local path. */
  static List<String> traversals(Path data) {
    List<String> paths = new ArrayList<>();
    for (String prefix :
        List.of(
            "",
            "file:",
            "file://",
            "file:///",
            "file:////",
            "file://localhost",
            "FILE:",
            "File://LOCALHOST",
            "local:",
            "local://",
            "LOCAL:")) {
      for (String up :
          List.of(
              "/..",
              "//..",
              "/../",
              "/./..",
              "/.//..",
              "/%2e%2e",
              "/%2E.",
              "/.%2e",
              "%2F..",
              "/x/../..",
              "/jars/../..",
              "/jars/a.jar/../../..",
              "/%2e/%2e%2e")) {
        paths.add(prefix + data + up + "/etc/secret");
      }
      paths.add(prefix + data.getParent() + "/etc/secret");
      paths.add(prefix + data.getParent() + "/database/a.jar");
      paths.add(prefix + data + "base/a.jar");
      paths.add(prefix + data.getParent() + "/dat");
      paths.add(prefix + data);
      paths.add(prefix + data + "/#alias");
      paths.add(prefix + data.getParent());
      paths.add(prefix + "/");
      paths.add(prefix + "/etc/passwd");
      paths.add(prefix + "/etc/passwd#alias");
    }
    return paths;
  }

  @Test
  void noSpellingLeadsOutOfTheOpenFolders() throws IOException {
    Files.createSymbolicLink(data.resolve("link"), secret);
    Files.createSymbolicLink(data.resolve("etc"), folder.resolve("etc"));
    Files.createSymbolicLink(data.resolve("chain"), data.resolve("etc"));
    Files.createSymbolicLink(data.resolve("up"), folder);
    Files.createSymbolicLink(data.resolve("nowhere"), folder.resolve("etc/not-yet"));
    Files.createSymbolicLink(data.resolve("loop"), data.resolve("loop"));
    List<String> spellings = new ArrayList<>(traversals(data));
    for (String link :
        List.of(
            "link",
            "etc/secret",
            "etc/new",
            "chain/secret",
            "up/etc/secret",
            "nowhere",
            "nowhere/x",
            "loop",
            "loop/x",
            "jars/../etc/secret",
            "etc")) {
      for (String prefix : List.of("", "file:", "file://", "local:")) {
        spellings.add(prefix + data + "/" + link);
      }
    }
    assertThat(spellings).hasSizeGreaterThan(200);

    for (String spelling : spellings) {
      assertThatThrownBy(() -> jar(rules, spelling))
          .as(spelling)
          .isInstanceOfSatisfying(
              SessionException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.REJECTED))
          .hasMessageMatching(
              "requirement failed: (Local path .* cannot be added to user sessions|Path '.*' is not"
                  + " (absolute|valid))\\.");
    }
  }

  @Test
  void whatWasCheckedIsWhatIsReadEvenWhenALinkChanges() throws IOException {
    Path link = Files.createSymbolicLink(data.resolve("link"), data.resolve("jars/a.jar"));
    String checked = jar(rules, "file:" + link);
    Files.delete(link);
    Files.createSymbolicLink(link, secret);

    assertThat(checked).isEqualTo("file://" + data + "/jars/a.jar");
    assertRejected(() -> jar(rules, "file:" + link), "cannot be added to user sessions.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/*", "/jars/*.jar", "/jars/?.jar", "/%2A", "/jars/%3F", "/[a]", "/%5Ba%5D", "/{a,b}",
            "/%7Ba%7D",
        "/a%2Cb", "/a%252e%252e", "/a%20b", "/a%23b", "/a%5Cb", "/a%00b", "/a%0Ab", "/a%7Cb", "/a?b"
      })
  void localPathsThatPartsOfSparkReadDifferentlyAreRejected(String rest) {
    assertThatThrownBy(() -> jar(rules, "file://" + data + rest))
        .isInstanceOf(SessionException.class)
        .hasMessageStartingWith("requirement failed: ");
    assertThatThrownBy(() -> jar(rules, data + rest))
        .isInstanceOf(SessionException.class)
        .hasMessageStartingWith("requirement failed: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Java finds no URI in these, and Spark falls back to a local path.
        "hdfs:/^/../../../../../../etc/passwd",
        "hdfs://nn/|/../../../../../etc/passwd",
        "s3a://bucket/a b",
        "hdfs://nn/a%zz",
        "hdfs://nn/${env:HOME}",
        "file:",
        "hdfs://nn/a\u0000b",
        "hdfs://nn/a\nb",
        // Decoded, these are two files for Spark.
        "hdfs://nn/x%2C/etc/passwd",
        "/x%2c/etc/passwd"
      })
  void whatIsNoUriIsNotHandedOn(String text) {
    assertRejected(() -> jar(rules, text), "is not valid.");
    assertRejected(() -> jar(remoteDefault(), text), "is not valid.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "har:///data/x.har/a",
        "har://file-localhost/etc/passwd",
        "HAR://file-/etc/passwd",
        "pfile:/etc/passwd"
      })
  void fileSystemsThatWrapTheLocalOneAreLocal(String text) {
    assertRejected(() -> jar(rules, text), "cannot be added to user sessions.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file://elsewhere/etc/passwd",
        "file://localhost:80/etc/passwd",
        "file://me@localhost/x",
        "local://nn/x"
      })
  void localFilesAreOnThisMachine(String text) {
    assertRejected(() -> jar(localFiles(Path.of("/")), text), "cannot be added to user sessions.");
  }

  @Test
  void onlyOpenFoldersCount() {
    assertThat(jar(localFiles(Path.of("/")), secret.toString())).isEqualTo("file://" + secret);
    assertThat(jar(localFiles(data, folder.resolve("etc")), "file:" + secret))
        .isEqualTo("file://" + secret);
    assertThat(jar(localFiles(folder.resolve("etc/../data")), "file:" + data + "/new/x.jar"))
        .isEqualTo("file://" + data + "/new/x.jar");
    assertRejected(
        () -> jar(localFiles(), secret.toString()),
        "requirement failed: Local path " + secret + " cannot be added to user sessions.");
    assertRejected(
        () -> jar(localFiles(folder.resolve("missing")), secret.toString()),
        "requirement failed: Local path " + secret + " cannot be added to user sessions.");
  }

  // ---- other paths

  @ParameterizedTest
  @CsvSource({
    "jars/a.jar, jars/a.jar",
    "./a.jar, ./a.jar",
    "../a.jar, ../a.jar",
    "a.jar#b, a.jar",
    "file:a.jar, file:a.jar",
    "file:../../etc/passwd, file:../../etc/passwd",
    "hdfs:a.jar, hdfs:a.jar",
    "jar:file:/etc/x.jar!/a, jar:file:/etc/x.jar!/a",
    "//host/a.jar, //host/a.jar"
  })
  void relativePathsAreRejected(String path, String shown) {
    for (SubmissionRules either : List.of(rules, remoteDefault())) {
      assertRejected(
          () -> jar(either, path), "requirement failed: Path '" + shown + "' is not absolute.");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "hdfs://nn:8020, hdfs://nn:8020/a.jar",
    "hdfs://nn:8020/, hdfs://nn:8020/a.jar",
    "hdfs://nn:8020/base, hdfs://nn:8020/a.jar",
    "viewfs:///, viewfs:///a.jar",
    "s3a://bucket, s3a://bucket/a.jar"
  })
  void pathsWithoutASchemeAreOfTheDefaultFileSystem(String fileSystem, String expected) {
    assertThat(jar(defaultFileSystem(fileSystem), "/a.jar")).isEqualTo(expected);
  }

  @Test
  void aDefaultFileSystemNeedsAScheme() {
    assertThatThrownBy(() -> defaultFileSystem("nn:8020/x y"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> defaultFileSystem("/data"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hdfs://nn/a/*.jar",
        "HDFS://nn/a.jar",
        "https://host:8443/a.jar?version=1",
        "ivy://org.apache.x:y:1.0?transitive=false",
        "viewfs://cluster/a"
      })
  void remoteFilesAreHandedOnAsTheyAre(String uri) {
    assertThat(jar(rules, uri)).isEqualTo(uri);
  }

  @Test
  void everyListOfFilesIsChecked() {
    List<String> bad = List.of("hdfs:/ok", secret.toString());
    ApplicationSettings none = ApplicationSettings.NONE;
    List<String> ok = List.of();
    for (ApplicationSettings asked :
        List.of(
            none.with(bad, ok, ok, ok, Map.of()),
            none.with(ok, bad, ok, ok, Map.of()),
            none.with(ok, ok, bad, ok, Map.of()),
            none.with(ok, ok, ok, bad, Map.of()))) {
      assertRejected(
          () -> rules.check(SessionSettings.of(Kind.SPARK).withApplication(asked)),
          "requirement failed: Local path " + secret + " cannot be added to user sessions.");
    }
  }

  @Test
  void elementsThatSparkWouldTakeApartAreCheckedApart() {
    assertThat(
            rules
                .check(jars(data + "/jars/a.jar,hdfs://nn/b.jar", " ", "", ",,hdfs://nn/c.jar, "))
                .application()
                .jars())
        .containsExactly("file://" + data + "/jars/a.jar", "hdfs://nn/b.jar", "hdfs://nn/c.jar");
    assertRejected(
        () -> rules.check(jars("file:" + data + "/a.jar,file:" + secret)),
        "requirement failed: Local path " + secret + " cannot be added to user sessions.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.jars",
        "spark.files",
        "spark.archives",
        "spark.submit.pyFiles",
        "spark.yarn.dist.files",
        "spark.yarn.dist.archives",
        "spark.yarn.dist.jars",
        "spark.yarn.dist.pyFiles",
        "spark.yarn.archive",
        "spark.yarn.jar",
        "spark.yarn.jars",
        "spark.my.files",
        "SPARK.FILES"
      })
  void listsInSettingsAreChecked(String key) {
    String value = data + "/jars/a.jar#x , ,,file:" + data + "/y\t hdfs://nn/z,";

    assertThat(conf(rules, key, value))
        .isEqualTo("file://%s/jars/a.jar#x,file://%s/y,hdfs://nn/z".formatted(data, data));
    assertThat(conf(remoteDefault(), key, "/a/*.jar")).isEqualTo("hdfs://nn:8020/a/*.jar");
    assertThat(conf(rules, key, "")).isEmpty();
    assertRejected(
        () -> conf(rules, key, "hdfs:/x," + secret), "cannot be added to user sessions.");
    assertRejected(
        () -> conf(rules, key, "hdfs:/x " + secret), "cannot be added to user sessions.");
    assertRejected(() -> conf(rules, key, "x"), "Path 'x' is not absolute.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spark.jars.ivySettings",
        "spark.yarn.keytab",
        "spark.kerberos.keytab",
        "spark.metrics.conf",
        "spark.kubernetes.driver.podTemplateFile",
        "spark.kubernetes.executor.podTemplateFile",
        "spark.kubernetes.kerberos.krb5.path",
        "spark.kubernetes.authenticate.caCertFile",
        "spark.kubernetes.authenticate.submission.oauthTokenFile",
        "spark.kubernetes.authenticate.driver.clientKeyFile",
        "spark.KERBEROS.keytab"
      })
  void singleFilesInSettingsAreOfThisMachine(String key) {
    for (SubmissionRules either : List.of(rules, remoteDefault())) {
      assertRejected(
          () -> conf(either, key, secret.toString()), "cannot be added to user sessions.");
      assertRejected(
          () -> conf(either, key, "file:" + secret), "cannot be added to user sessions.");
      assertRejected(() -> conf(either, key, "x"), "Path 'x' is not absolute.");
      assertRejected(() -> conf(either, key, "/a,/b"), "is not valid.");
    }
    assertThat(conf(rules, key, data + "/x/../jars/a.jar")).isEqualTo(data + "/jars/a.jar");
    assertThat(conf(rules, key, "file:" + data + "/jars/a.jar")).isEqualTo(data + "/jars/a.jar");
    assertThat(conf(rules, key, "local:" + data + "/x")).isEqualTo("local://" + data + "/x");
    assertRejected(() -> conf(rules, key, data + "/x#y"), "is not valid.");
    assertThat(conf(rules, key, "hdfs://nn/x")).isEqualTo("hdfs://nn/x");
    assertThat(conf(rules, key, "")).isEmpty();
  }

  @Test
  void whatIsMountedInAPodIsNoFileOfThisMachine() {
    String key = "spark.kubernetes.authenticate.driver.mounted.oauthTokenFile";
    assertThat(conf(rules, key, "/var/run/token")).isEqualTo("/var/run/token");
  }

  // ---- batches

  @Test
  void aBatchNeedsAFile() {
    assertRejected(() -> rules.check(batch("")), "requirement failed: File is required.");
    assertRejected(() -> rules.check(batch("  ")), "requirement failed: File is required.");
  }

  @Test
  void theFileOfABatchIsCheckedLikeOthers() {
    assertThat(rules.check(batch(data + "/jars/a.jar")).file())
        .isEqualTo("file://" + data + "/jars/a.jar");
    assertThat(remoteDefault().check(batch("/a.py")).file()).isEqualTo("hdfs://nn:8020/a.py");
    assertRejected(
        () -> rules.check(batch(secret.toString())),
        "requirement failed: Local path " + secret + " cannot be added to user sessions.");
    assertRejected(
        () -> rules.check(batch("pi.py")), "requirement failed: Path 'pi.py' is not absolute.");
    assertRejected(() -> rules.check(batch("hdfs://nn/a.jar,file:" + secret)), "is not valid.");
  }

  @Test
  void whatElseWasAskedForStays() {
    ApplicationSettings application =
        ApplicationSettings.NONE.withName("pi").withConf(Map.of("spark.files", "hdfs:/a"));
    BatchSettings asked =
        new BatchSettings("hdfs:/pi.jar", Optional.of("Pi"), List.of("a,b", "../x"), application);

    assertThat(rules.check(asked)).isEqualTo(asked);
  }

  // ---- small things

  private static SubmissionRules localFiles(Path... folders) {
    return new SubmissionRules(
        new SubmissionRules.Options(
            Set.of(),
            List.of(folders),
            "file:///",
            List.of("spark.my.files"),
            false,
            Set.of(),
            LaunchProfiles.NONE));
  }

  private SubmissionRules remoteDefault() {
    return defaultFileSystem("hdfs://nn:8020");
  }

  private SubmissionRules defaultFileSystem(String uri) {
    return new SubmissionRules(
        new SubmissionRules.Options(
            Set.of(),
            List.of(data),
            uri,
            List.of("spark.my.files"),
            false,
            Set.of(),
            LaunchProfiles.NONE));
  }

  private static SessionSettings session(Map<String, String> conf) {
    return SessionSettings.of(Kind.SPARK).withConf(conf);
  }

  private static SessionSettings jars(String... jars) {
    List<String> none = List.of();
    return SessionSettings.of(Kind.SPARK)
        .withApplication(ApplicationSettings.NONE.with(List.of(jars), none, none, none, Map.of()));
  }

  private static String jar(SubmissionRules rules, String jar) {
    List<String> checked = rules.check(jars(jar)).application().jars();
    assertThat(checked).hasSize(1);
    return checked.get(0);
  }

  private static String conf(SubmissionRules rules, String key, String value) {
    return rules.check(session(Map.of(key, value))).application().conf().get(key);
  }

  private static BatchSettings batch(String file) {
    return new BatchSettings(file, Optional.empty(), List.of(), ApplicationSettings.NONE);
  }

  private static void assertRejected(ThrowingCallable request, String message) {
    assertThatThrownBy(request)
        .isInstanceOfSatisfying(
            SessionException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.REJECTED))
        .hasMessageEndingWith(message);
  }
}
