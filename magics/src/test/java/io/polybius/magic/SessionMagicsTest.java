package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.driver.protocol.MimeBundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The magics that show texts and pictures, and those that speak to the session. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class SessionMagicsTest {

  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
                  + "RU5ErkJggg==");

  private final Magics magics = Magics.builtin();
  private final NamedValues values = NamedValues.x(PlainValue.of("<b>bold</b>"));

  @ParameterizedTest
  @CsvSource({
    "html,text/html",
    "markdown,text/markdown",
    "latex,text/latex",
    "svg,image/svg+xml",
    "javascript,application/javascript",
  })
  void textsAreShownByTheirTypeAndAsTheyAre(String name, String type) throws Exception {
    String text = "<i>a &amp; \"b\"</i> $x_1$\n";
    values.with("frame$text", rows -> PlainValue.of("of R"));
    assertThat(form(run("%%" + name + "\n" + text), type)).isEqualTo(text);
    assertThat(form(run("%" + name + " x"), type)).isEqualTo("<b>bold</b>");
    assertThat(form(run("%" + name + " <i>two words</i>"), type)).isEqualTo("<i>two words</i>");
    assertThat(form(run("%" + name + " $x$"), type)).isEqualTo("$x$");
    assertThat(form(run("%" + name + " frame$text"), type)).isEqualTo("of R");
    assertFails("%" + name, "UsageError");
    assertFails("%%" + name + " x\nbody", "UsageError");
    assertFails("%" + name + " nothing", "NameError");
    assertFails("%" + name + " number", "ValueError");
  }

  @Test
  void bytesAreTextsInUtf8() throws Exception {
    values.with("bytes", rows -> new PlainValue.Binary("h\u00e9".getBytes(StandardCharsets.UTF_8)));
    assertThat(form(run("%html bytes"), MimeBundle.HTML)).isEqualTo("h\u00e9");
  }

  @Test
  void picturesComeFromBytesBase64AndFiles(@TempDir Path folder) throws Exception {
    String encoded = Base64.getEncoder().encodeToString(PNG);
    values.with("bytes", rows -> new PlainValue.Binary(PNG));
    values.with("encoded", rows -> PlainValue.of(encoded));
    values.with("url", rows -> PlainValue.of("data:image/png;base64," + encoded));
    Path file = folder.resolve("one pixel.png");
    Files.write(file, PNG);
    for (String source :
        List.of(
            "%image bytes",
            "%image encoded",
            "%image url",
            "%%image\n" + encoded,
            "%image " + file,
            "%image " + file.toUri().toString().replace("%20", " "))) {
      MimeBundle shown = run(source);
      assertThat(form(shown, MimeBundle.PNG)).as(source).isEqualTo(encoded);
      assertThat(form(shown, MimeBundle.TEXT)).isEqualTo("[image/png, " + PNG.length + " bytes]");
    }
    assertThat(form(run("%%image\n<svg xmlns='s'/>"), "image/svg+xml")).startsWith("<svg");
    assertFails("%image number", "ValueError");
    assertFails("%image nothing", "NameError");
    assertFails("%image /no/such/file.png", "ValueError").hasMessageContaining("file.png");
    Files.writeString(file, "no picture");
    assertFails("%image " + file, "ValueError").hasMessageContaining("no picture");
  }

  @ParameterizedTest
  @CsvSource({"scala,spark", "python,pyspark", "r,sparkr", "sql,sql"})
  void codeOfALanguageIsRunByIt(String name, String kind) throws Exception {
    assertThat(run("%" + name + " 1 + 1")).isEqualTo(MimeBundle.NOTHING);
    assertThat(run("%%" + name + "\na\nb\n")).isEqualTo(MimeBundle.NOTHING);
    assertThat(values.session().told).containsExactly(kind + ": 1 + 1", kind + ": a\nb\n");
    assertFails("%" + name, "UsageError");
    assertFails("%%" + name + " a\nb", "UsageError");
    assertFails("%" + name + " fail", "java.lang.Error").hasMessage("as asked");
  }

  @Test
  void timeIsPrintedAlsoOfCodeThatFails() throws Exception {
    assertThat(run("%time 1 + 1")).isEqualTo(MimeBundle.NOTHING);
    assertThat(values.session().told).containsExactly("spark: 1 + 1");
    assertThat(values.session().printed.toString()).matches("Wall time: [0-9.]+ (us|ms|s)\n");
    assertFails("%time fail", "java.lang.Error");
    assertThat(values.session().printed.toString().lines()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "600,1 us",
    "42000,42 us",
    "1234567,1.23 ms",
    "56000000,56 ms",
    "1500000000,1.50 s",
    "90000000000,1 min 30 s",
    "3700000000000,1 h 1 min",
  })
  void timesHaveTheDigitsThatMatter(long nanos, String text) {
    assertThat(TimeMagic.text(nanos)).isEqualTo(text);
  }

  @Test
  void infoIsATableWithALink() throws Exception {
    MimeBundle info = run("%info");
    assertThat(form(info, MimeBundle.HTML))
        .contains("an &lt;app&gt;", "<a href=\"http://127.0.0.1:4040\"");
    assertThat(form(info, MimeBundle.TEXT))
        .contains("Session         7\n", "Spark           3.5.5 on local[2]\n", "spark, sql");
    assertFails("%info x", "UsageError");
  }

  @Test
  void settingsAreListedShownAndChanged() throws Exception {
    assertThat(form(run("%conf"), MimeBundle.TEXT)).isEqualTo("spark.a = 1");
    assertThat(form(run("%conf spark.a"), MimeBundle.TEXT)).isEqualTo("spark.a = 1");
    assertThat(form(run("%conf spark.b two  words"), MimeBundle.TEXT))
        .isEqualTo("spark.b = two  words");
    assertThat(form(run("%conf spark.c"), MimeBundle.TEXT)).isEqualTo("spark.c is not set");
    assertFails("%%configure -f\n{}", "UsageError").hasMessageContaining("%conf");
  }

  @Test
  void librariesHaveCoordinatesOrToreesWords() throws Exception {
    run("%deps org.x:y_2.12:1.0-rc+1 a:b:2");
    run("%AddDeps org.x y 1.0 --transitive");
    assertThat(values.session().told)
        .containsExactly(
            "jar ivy://org.x:y_2.12:1.0-rc+1", "jar ivy://a:b:2", "jar ivy://org.x:y:1.0");
    assertFails("%deps", "UsageError");
    assertFails("%deps a:b", "UsageError");
    assertFails("%jars", "UsageError");
  }

  @Test
  void valuesAreSharedUnderTheirOwnOrAnotherName() throws Exception {
    assertThat(form(run("%shared"), MimeBundle.TEXT)).isEqualTo("Nothing is shared.");
    run("%share x");
    run("%share x as y");
    run("%share a.b");
    run("%share frame$n");
    run("%shared y");
    run("%shared y as z");
    assertThat(values.session().told)
        .containsExactly(
            "share x as x",
            "share x as y",
            "share a.b as b",
            "share frame$n as n",
            "define y by y",
            "define z by y");
    assertThat(form(run("%shared"), MimeBundle.TEXT)).contains("struct<id:bigint>");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%share",
        "%share x y",
        "%share x as",
        "%share x as a.b",
        "%share x as a$b",
        "%share 1"
      })
  void wrongNamesAreUsageErrors(String text) {
    assertFails(text, "UsageError");
  }

  @Test
  void wrongNameIsSaidAsItIsWritten() {
    assertFails("%shared ../x", "UsageError").hasMessage("'../x' cannot be the name of a variable");
  }

  @Test
  void schemaIsATree() throws Exception {
    values.with(
        "frame",
        rows ->
            new PlainValue.Table(
                List.of(
                    new Column("id", "long", false),
                    new Column(
                        "inner",
                        "{\"type\":\"struct\",\"fields\":[{\"name\":\"list\",\"nullable\":true,"
                            + "\"type\":{\"type\":\"array\",\"elementType\":\"string\","
                            + "\"containsNull\":true}}]}",
                        true)),
                List.of(),
                Extent.FIRST));
    assertThat(form(run("%schema frame"), MimeBundle.TEXT))
        .isEqualTo(
            """
            root
             |-- id: long (nullable = false)
             |-- inner: struct (nullable = true)
             |    |-- list: array (nullable = true)
             |    |    |-- element: string (containsNull = true)""");
    assertThat(form(run("%schema x"), MimeBundle.TEXT)).isEqualTo("root\n |-- 0: string");
    assertFails("%schema", "UsageError");
  }

  private MimeBundle run(String text) throws MagicException {
    values.with("number", rows -> PlainValue.of(1));
    return magics.run(magics.parse(text), values);
  }

  private static String form(MimeBundle bundle, String type) {
    return bundle.find(type).orElseThrow().data();
  }

  private org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertFails(
      String text, String name) {
    return assertThatThrownBy(() -> run(text))
        .isInstanceOfSatisfying(
            MagicException.class, failure -> assertThat(failure.name()).isEqualTo(name));
  }
}
