package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Magics that speak to the session: other languages, settings, jars, and what is shared. */
@Timeout(120)
class SessionMagicsTest {

  private static StatementDesk desk;

  @TempDir private Path folder;

  @BeforeAll
  static void startSpark() throws Exception {
    desk = StatementDesk.shared();
  }

  private static String shown(StatementDesk.Ended ended) {
    assertThat(ended.error()).isNull();
    return ended.displays().get(0).find(MimeBundle.TEXT).orElseThrow().data();
  }

  @Test
  void linesOfSqlStandAmongScala() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            spark.range(3).createOrReplaceTempView("three")
            %sql select sum(id) as total from three
            val after = 1""");
    assertThat(shown(ended)).contains("total", "3");
    assertThat(ended.displays().get(0).find(MimeBundle.JSON)).isPresent();
    assertThat(ended.echo()).isEqualTo("after: Int = 1\n");
    assertThat(shown(desk.run("%%sql\nselect 1 as a;\nselect 2 as b"))).contains("a");
  }

  @Test
  void sqlWithoutColumnsShowsNotebooksNothingAndProgramsNoFields() throws Exception {
    String code = "%sql create or replace temporary view made as select 1 as one";
    StatementDesk.Ended notebook = desk.runRich(code);
    assertThat(notebook.error()).isNull();
    assertThat(notebook.outputs()).isEmpty();
    assertThat(desk.runRich("%sql select one from made where one > 1").displays()).hasSize(1);
    assertThat(desk.run(code).displays().get(0).find(MimeBundle.JSON).orElseThrow().data())
        .isEqualTo("{\"schema\":{\"type\":\"struct\",\"fields\":[]},\"data\":[]}");
  }

  @Test
  void errorOfCodeThatAMagicRunsNamesWhatIsUnknown() throws Exception {
    assertThat(desk.run("%%time\n%tabel x").error().message())
        .startsWith("Unknown magic command tabel");
  }

  @Test
  void cellsOfScalaStandInSql() throws Exception {
    StatementDesk.Ended ended =
        desk.runAs("sql", "%%scala\nval inSql = 20 + 22\nprintln(\"said\")\ninSql");
    assertThat(ended.error()).isNull();
    assertThat(ended.printed(StreamName.STDOUT)).isEqualTo("said\n");
    assertThat(ended.value()).isEqualTo("42");
    assertThat(desk.run("inSql").value()).isEqualTo("42");
    assertThat(shown(desk.runAs("sql", "%%scala\nval seq = Seq(1, 2)\n%table seq"))).contains("2");
  }

  @Test
  void errorsOfTheOtherLanguageAreThoseOfTheStatement() throws Exception {
    StatementDesk.Ended missing = desk.run("%sql select * from no_such_table");
    assertThat(missing.error().origin()).isEqualTo(Origin.USER_CODE);
    assertThat(missing.error().message()).contains("TABLE_OR_VIEW_NOT_FOUND");
    StatementDesk.Ended thrown = desk.runAs("sql", "%%scala\nval a = 1\nsys.error(\"boom\")");
    assertThat(thrown.error().message()).isEqualTo("boom");
    assertThat(String.join("\n", thrown.error().trace())).contains("line 3");
    StatementDesk.Ended inOneLine = desk.runAs("sql", "%%scala\nsys.error(\"boom\")");
    assertThat(String.join("\n", inOneLine.error().trace())).contains("line 2");
    StatementDesk.Ended inLine = desk.runAs("sql", "%scala sys.error(\"boom\")");
    assertThat(String.join("\n", inLine.error().trace())).contains("line 1");
    assertThat(desk.run("%r 1 + 1").error().message()).contains("no interpreter of kind sparkr");
  }

  @Test
  void timeIsPrintedAfterTheValue() throws Exception {
    StatementDesk.Ended ended = desk.run("%time val timed = 1 + 1");
    assertThat(ended.echo()).isEqualTo("timed: Int = 2\n");
    assertThat(ended.printed(StreamName.STDOUT)).startsWith("Wall time: ");
    assertThat(ended.outputs().get(ended.outputs().size() - 1))
        .isInstanceOf(StatementOutput.StreamText.class);
    assertThat(desk.run("%%time\nval a = timed\na * 21").value()).isEqualTo("42");
  }

  @Test
  void settingsOfSparkAreShownAndChanged() throws Exception {
    assertThat(shown(desk.run("%conf"))).contains("spark.master = local[2]");
    assertThat(shown(desk.run("%conf spark.sql.shuffle.partitions 7")))
        .isEqualTo("spark.sql.shuffle.partitions = 7");
    assertThat(desk.run("spark.conf.get(\"spark.sql.shuffle.partitions\")").value()).isEqualTo("7");
    assertThat(shown(desk.run("%conf spark.sql.shuffle.partitions 200"))).contains("200");
    assertThat(shown(desk.run("%conf spark.mine.own some"))).contains("= some");
    assertThat(desk.run("%conf spark.sql.warehouse.dir /x").error().message())
        .contains("cannot be changed while Spark runs");
    assertThat(desk.run("%conf spark.executor.memory 2g").error().message())
        .contains("cannot be changed while Spark runs");
    assertThat(desk.run("%conf spark.sql.shuffle.partitions many").error().name())
        .isEqualTo("ValueError");
    desk.run("spark.conf.set(\"my.password\", \"hush\")\n%conf my.password");
    assertThat(shown(desk.run("%conf my.password"))).doesNotContain("hush");
    assertThat(shown(desk.run("%info"))).contains("local[2]", "pyspark, spark, sql");
  }

  @Test
  void schemaComputesNothing() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            val failing = spark.range(1).select(raise_error(lit("computed")) as "e", lit(1) as "n")
            %schema failing""");
    assertThat(shown(ended)).contains("|-- n: integer (nullable = false)");
  }

  @Test
  void framesAndValuesAreSharedWithSqlAndUnderOtherNames() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            val framed = spark.range(5).toDF("n")
            val counts = Map("a" -> Seq(1, 2))
            %share framed
            %share counts as tally
            %shared""");
    assertThat(shown(ended)).contains("framed", "DataFrame", "tally", "1 entries");
    StatementDesk.Ended sql =
        desk.runAs("sql", "%shared framed as of_scala\nselect count(*) as c from of_scala");
    assertThat(shown(sql)).contains("5");
    assertThat(desk.runAs("sql", "%shared tally").error().message()).contains("no DataFrame");
    assertThat(desk.run("%shared tally as again").echo())
        .isEqualTo("again: Map[String,Seq[Long]] = Map(a -> List(1, 2))\n");
    assertThat(desk.run("%shared framed as same\nsame.count").value()).endsWith("5");
    assertThat(desk.run("%shared nobody").error().name()).isEqualTo("NameError");
    assertThat(desk.run("%share nobody").error().name()).isEqualTo("NameError");
    assertThat(desk.run("val odd = new Object\n%share odd").error().name()).isEqualTo("ValueError");
  }

  @Test
  void sharedFramesCanBeUsedInCodeThatTravels() throws Exception {
    assertThat(
            desk.run(
                    """
                    val base = spark.range(4).as[Long]
                    kernel.share("base", base)
                    val fetched = kernel.shared("base").asInstanceOf[org.apache.spark.sql.DataFrame]
                    kernel.share("factor", 10)
                    %shared factor
                    %shared base as travels
                    travels.as[Long].map(_ * factor).reduce(_ + _)""")
                .value())
        .endsWith("60");
    assertThat(desk.run("kernel.shared(\"nobody\")").error().name())
        .isEqualTo("java.util.NoSuchElementException");
    assertThat(desk.run("kernel.share(\"odd\", new Object)").error().name())
        .isEqualTo("java.lang.IllegalArgumentException");
  }

  @Test
  void jarsAreForStatementsAndExecutorsAndBringMagics() throws Exception {
    Path jar = jar("greeter", Map.of("greeter.Greeter", GREETER, "greeter.GreetMagic", MAGIC));
    assertThat(desk.run("greeter.Greeter.greet(\"x\")").error()).isNotNull();
    assertThat(desk.run("%greet").error().name()).isEqualTo("UnknownMagic");
    assertThat(shown(desk.run("%jars " + jar))).isEqualTo("Added greeter.jar");
    assertThat(desk.run("greeter.Greeter.greet(\"x\")").value()).isEqualTo("hello x");
    assertThat(
            desk.run("sc.parallelize(Seq(\"a\", \"b\"), 2).map(greeter.Greeter.greet).collect()")
                .value())
        .isEqualTo("Array(hello a, hello b)");
    assertThat(shown(desk.run("%greet"))).isEqualTo("hello from a jar");
    assertThat(shown(desk.run("%lsmagic"))).contains("From jars:\n  %greet ");
    assertThat(desk.complete("greeter.|").texts()).contains("Greeter");
    assertThat(shown(desk.run("%jars " + jar))).isEqualTo("Added greeter.jar");
    Files.writeString(jar, "changed");
    assertThat(desk.run("%jars " + jar).error().message()).contains("another greeter.jar");
    assertThat(desk.run("%jars /no/such.jar").error().message()).contains("no file /no/such.jar");
  }

  @Test
  void librariesAreFoundBySparksOwnResolver() throws Exception {
    Path built = jar("tool", Map.of("tool.Tool", "package tool; public class Tool {}"));
    Path home = Files.createDirectories(folder.resolve("repository/org/example/tool/1.0"));
    Files.copy(built, home.resolve("tool-1.0.jar"));
    Files.writeString(
        home.resolve("tool-1.0.pom"),
        "<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>"
            + "<artifactId>tool</artifactId><version>1.0</version></project>");
    Path settings = folder.resolve("ivysettings.xml");
    Files.writeString(
        settings,
        "<ivysettings><settings defaultResolver='here'/><resolvers>"
            + "<ibiblio name='here' m2compatible='true' root='"
            + folder.resolve("repository").toUri()
            + "'/></resolvers></ivysettings>");
    System.setProperty("spark.jars.ivySettings", settings.toString());
    System.setProperty("spark.jars.ivy", folder.resolve("ivy").toString());
    try {
      assertThat(shown(desk.run("%deps org.example:tool:1.0")))
          .contains("org.example_tool-1.0.jar");
      assertThat(desk.run("(new tool.Tool).getClass.getName").value()).isEqualTo("tool.Tool");
      StatementDesk.Ended missing = desk.run("%deps org.example:tool:2.0");
      assertThat(missing.error().name()).isEqualTo("ValueError");
      assertThat(missing.error().message()).contains("org.example:tool:2.0 was not found");
    } finally {
      System.clearProperty("spark.jars.ivySettings");
      System.clearProperty("spark.jars.ivy");
    }
  }

  @Test
  void namesOfMagicsAreCompleted() throws Exception {
    assertThat(desk.complete("%sha|").texts()).containsExactly("share", "shared");
    assertThat(desk.complete("%%mar|").texts()).containsExactly("markdown");
    assertThat(desk.complete("%addj|").texts()).containsExactly("addjar");
    assertThat(desk.run("%sql?").pages().get(0)).startsWith("Runs SQL");
  }

  private static final String GREETER =
      """
      package greeter;
      public class Greeter {
        public static String greet(String name) { return "hello " + name; }
      }
      """;

  private static final String MAGIC =
      """
      package greeter;
      import io.polybius.driver.protocol.MimeBundle;
      import io.polybius.magic.*;
      public class GreetMagic implements Magic {
        public String name() { return "greet"; }
        public String help() { return "Greets.\\n%greet"; }
        public MimeBundle run(MagicCall call, MagicContext context) {
          return MimeBundle.text(Greeter.greet("from a jar"));
        }
      }
      """;

  /** Compiles classes into a jar, in which the magics are services. */
  private Path jar(String name, Map<String, String> sources) throws IOException {
    Path classes = Files.createDirectories(folder.resolve(name + "-classes"));
    for (Map.Entry<String, String> source : sources.entrySet()) {
      Path file = folder.resolve(source.getKey().substring(name.length() + 1) + ".java");
      Files.writeString(file, source.getValue());
    }
    List<String> arguments =
        new java.util.ArrayList<>(
            List.of(
                "-d", classes.toString(),
                "-cp", System.getProperty("java.class.path")));
    sources.keySet().stream()
        .map(each -> folder.resolve(each.substring(name.length() + 1) + ".java").toString())
        .forEach(arguments::add);
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertThat(status).isZero();
    Path jar = folder.resolve(name + ".jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out)) {
      for (String each : sources.keySet()) {
        String entry = each.replace('.', '/') + ".class";
        entries.putNextEntry(new JarEntry(entry));
        Files.copy(classes.resolve(entry), entries);
        if (each.endsWith("Magic")) {
          entries.putNextEntry(new JarEntry("META-INF/services/io.polybius.magic.Magic"));
          entries.write(each.getBytes(StandardCharsets.UTF_8));
        }
      }
    }
    return jar;
  }
}
