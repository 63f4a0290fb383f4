package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class MagicsTest {

  private final Magics magics = Magics.builtin();

  /** Takes the name of a built-in magic. */
  public static final class SecondJson implements Magic {
    @Override
    public String name() {
      return "json";
    }

    @Override
    public String help() {
      return "Never seen.";
    }

    @Override
    public MimeBundle run(MagicCall call, MagicContext context) {
      return MimeBundle.text("never run");
    }
  }

  /** Has a name that nobody can write. */
  public static final class Misnamed implements Magic {
    @Override
    public String name() {
      return "Two Words";
    }

    @Override
    public String help() {
      return "Never seen.";
    }

    @Override
    public MimeBundle run(MagicCall call, MagicContext context) {
      return MimeBundle.text("never run");
    }
  }

  /** Cannot be made. */
  public static final class Unborn implements Magic {
    /** Always fails. */
    public Unborn() {
      throw new IllegalStateException("out of order");
    }

    @Override
    public String name() {
      return "unborn";
    }

    @Override
    public String help() {
      return "Never seen.";
    }

    @Override
    public MimeBundle run(MagicCall call, MagicContext context) {
      return MimeBundle.text("never run");
    }
  }

  @Test
  void lineIsNameAndArgument() throws Exception {
    assertThat(magics.parse("%json x")).isEqualTo(new MagicCall("json", "x", ""));
    assertThat(magics.parse("%table \t x  50 \r")).isEqualTo(new MagicCall("table", "x  50", ""));
    assertThat(magics.parse("%lsmagic\n")).isEqualTo(new MagicCall("lsmagic", "", ""));
  }

  @Test
  void cellHasBodyExactlyAsWritten() throws Exception {
    assertThat(magics.parse("%%json x\n  a\n\nb\n"))
        .isEqualTo(new MagicCall("json", "x", "  a\n\nb\n"));
    assertThat(magics.parse("%%json x")).isEqualTo(new MagicCall("json", "x", ""));
  }

  @Test
  void percentInColumnZeroMakesAMagic() {
    assertThat(Magics.isMagic("%json x")).isTrue();
    assertThat(Magics.isMagic("%%json x\nbody")).isTrue();
    assertThat(Magics.isMagic(" %json x")).isFalse();
    assertThat(Magics.isMagic("")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "%%", "% json x", "%\t", "%% json x"})
  void percentWithoutNameIsUnknownMagic(String text) {
    assertFails(() -> magics.parse(text), "UnknownMagic").hasMessage("magic command not specified");
  }

  @ParameterizedTest
  @CsvSource({
    "foo,''",
    "jsn,Did you mean %json?",
    "tabel,Did you mean %table?",
    "lsmagics,Did you mean %lsmagic?",
    "json(x),''",
    "x,''",
    "<b>,''",
  })
  void unknownMagicSaysSoInLivysWordsAndThenHints(String name, String hint) {
    assertFails(() -> magics.parse("%" + name + " x"), "UnknownMagic")
        .hasMessage("Unknown magic command " + name + (hint.isEmpty() ? "" : "\n" + hint));
    assertFails(() -> magics.run(new MagicCall(name, "", ""), new NamedValues()), "UnknownMagic");
  }

  @Test
  void whatIsNoMagicIsRefused() {
    assertThatThrownBy(() -> magics.parse("1 + 1")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> magics.parse("%json x\n1 + 1"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void unknownNameIsNameError() {
    assertFails(() -> run("%json nothing", new NamedValues()), "NameError")
        .hasMessage("Value nothing does not exist");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%json",
        "%table",
        "%json x y",
        "%json x -1",
        "%table x 1.5",
        "%table x 99999999999",
        "%table x 1 2",
        "%%json x\nbody",
        "%%table x\nbody",
        "%lsmagic x",
        "%%lsmagic\nbody",
        "%help json table",
        "%matplot plt",
        "%%help json\nbody",
      })
  void wrongUseIsUsageError(String text) {
    assertFails(() -> run(text, NamedValues.x(PlainValue.of(1))), "UsageError");
  }

  @Test
  void blankBodyIsNoBody() throws Exception {
    assertThat(run("%%json x\n \n", NamedValues.x(PlainValue.of(1))).find(MimeBundle.JSON))
        .map(MimeBundle.Entry::data)
        .contains("1");
  }

  @Test
  void errorOfValueComesThroughAsItIs() {
    RuntimeException failure = new IllegalStateException("job aborted");
    NamedValues failing =
        new NamedValues()
            .with(
                "x",
                rows -> {
                  throw failure;
                });
    assertThatThrownBy(() -> run("%table x", failing)).isSameAs(failure);
  }

  @Test
  void errorBecomesTheEndOfAStatement() {
    assertThat(MagicException.noSuchValue("x").toStatementError())
        .isEqualTo(
            new StatementError(
                StatementError.Origin.MAGIC, "NameError", "Value x does not exist", List.of()));
  }

  @Test
  void lsmagicListsAllByWhatTheyAreAbout() throws Exception {
    String list = text(run("%lsmagic", new NamedValues()));
    assertThat(list)
        .startsWith(
            """
            Values:
              %json        Shows a value as JSON.
              %plot        Shows a value as a plot.
              %schema      Shows the columns of a value and their types.
              %table       Shows a value as a table.

            Texts and pictures:
              %html        Shows HTML.
            """)
        .endsWith(
            """
            Help:
              %help        Tells how to use a magic.
              %lsmagic     Lists the magics.""");
    assertThat(magics.all()).allSatisfy(magic -> assertThat(list).contains("%" + magic.name()));
  }

  @Test
  void otherNamesAndCapitalLettersMeanTheSame() throws Exception {
    NamedValues values = NamedValues.x(PlainValue.of(1));
    assertThat(run("%JSON x", values)).isEqualTo(run("%json x", values));
    assertThat(run("%LSMagic", values)).isEqualTo(run("%lsmagic", values));
    assertThat(text(run("%AddJar file:/a/b.jar -f --magic", values))).isEqualTo("Added b.jar");
    assertThat(run("%%PySpark\nx = 1", values)).isEqualTo(MimeBundle.NOTHING);
    assertThat(values.session().told).containsExactly("jar file:/a/b.jar", "pyspark: x = 1");
    assertThat(text(run("%help AddJar", values))).endsWith("Also written %addjar");
    assertThat(magics.names()).contains("addjar", "jars").isSorted();
    assertThat(magics.all())
        .extracting(Magic::name)
        .doesNotHaveDuplicates()
        .doesNotContain("addjar");
  }

  @Test
  void helpShowsAllOrOne() throws Exception {
    assertThat(text(run("%help", new NamedValues())))
        .startsWith(text(run("%lsmagic", new NamedValues())))
        .endsWith("For more about one of them, write %help and its name.");
    for (String name : List.of("table", "%table", "%%table")) {
      assertThat(text(run("%help " + name, new NamedValues())))
          .startsWith("Shows a value as a table.\n%table NAME [ROWS]\n");
    }
    assertFails(() -> run("%help tabel", new NamedValues()), "UnknownMagic")
        .hasMessage("Unknown magic command tabel\nDid you mean %table?");
  }

  @Test
  void everyMagicHelpsWithALineAndItsUsage() {
    assertThat(magics.all())
        .isNotEmpty()
        .allSatisfy(
            magic -> {
              List<String> lines = magic.help().lines().toList();
              assertThat(lines).hasSizeGreaterThanOrEqualTo(2).doesNotContain("");
              assertThat(lines.get(1)).startsWith("%" + magic.name());
            });
  }

  @Test
  void magicsOfOthersAreFoundAsServices() throws Exception {
    List<String> problems = new ArrayList<>();
    Magics loaded = Magics.load(getClass().getClassLoader(), problems::add);
    assertThat(problems).isEmpty();
    assertThat(loaded.all()).extracting(Magic::name).contains("count", "json", "table");
    NamedValues values = NamedValues.x(new RandomValues(1).table(2, 3, 0));
    assertThat(text(loaded.run(loaded.parse("%count x"), values))).endsWith("3 rows");
    assertThat(text(loaded.run(loaded.parse("%lsmagic"), values)))
        .contains("From jars:\n  %count       Counts the rows of a value.");
    assertThat(magics.all()).extracting(Magic::name).doesNotContain("count");
  }

  @Test
  void badServicesAreToldAndLeftOut(@TempDir Path directory) throws Exception {
    Path services = Files.createDirectories(directory.resolve("META-INF/services"));
    Files.writeString(
        services.resolve(Magic.class.getName()),
        String.join(
            "\n",
            "no.such.Magic",
            SecondJson.class.getName(),
            Misnamed.class.getName(),
            Unborn.class.getName(),
            MagicsTest.class.getName()));
    List<String> problems = new ArrayList<>();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {directory.toUri().toURL()}, getClass().getClassLoader())) {
      Magics loaded = Magics.load(loader, problems::add);
      assertThat(loaded.all())
          .extracting(Magic::name)
          .containsExactlyElementsOf(
              Stream.concat(Stream.of("count"), magics.all().stream().map(Magic::name))
                  .sorted()
                  .toList());
      assertThat(loaded.all()).noneMatch(SecondJson.class::isInstance);
    }
    assertThat(problems).hasSize(5);
    assertThat(problems).anySatisfy(line -> assertThat(line).contains("no.such.Magic"));
    assertThat(problems).anySatisfy(line -> assertThat(line).contains("another %json"));
    assertThat(problems).anySatisfy(line -> assertThat(line).contains("Two Words"));
    assertThat(problems).anySatisfy(line -> assertThat(line).contains("Unborn"));
    assertThat(problems).anySatisfy(line -> assertThat(line).contains("MagicsTest not a subtype"));
  }

  @Test
  void classLoaderThatCannotListServicesLeavesTheBuiltinMagics() {
    List<String> problems = new ArrayList<>();
    ClassLoader broken =
        new ClassLoader(getClass().getClassLoader()) {
          @Override
          public Enumeration<URL> getResources(String name) throws IOException {
            throw new IOException("disk gone");
          }
        };
    assertThat(Magics.load(broken, problems::add).all()).hasSameSizeAs(magics.all());
    assertThat(problems).isNotEmpty();
  }

  private MimeBundle run(String text, MagicContext context) throws MagicException {
    return magics.run(magics.parse(text), context);
  }

  private static String text(MimeBundle bundle) {
    return bundle.find(MimeBundle.TEXT).orElseThrow().data();
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertFails(
      ThrowingCallable call, String name) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            MagicException.class, failure -> assertThat(failure.name()).isEqualTo(name));
  }
}
