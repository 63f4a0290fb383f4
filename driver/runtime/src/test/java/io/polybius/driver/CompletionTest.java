package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.Candidate;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverEvent.Completed;
import io.polybius.driver.protocol.DriverEvent.StatementPutOut;
import io.polybius.magic.Magic;
import io.polybius.magic.Magics;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Completion by a real Scala beside a real Spark; a bar marks the cursor. */
@Timeout(120)
class CompletionTest {

  private static StatementDesk desk;

  @BeforeAll
  static void startSpark() throws Exception {
    desk = StatementDesk.shared();
    assertThat(desk.run("val greeting = \"hello\"\ncase class Pixel(red: Int, green: Int)").error())
        .isNull();
  }

  @Test
  void namesThatStatementsDefinedAreOffered() {
    assertThat(found("greet|")).isEqualTo(completed(0, 5, "greeting"));
    assertThat(found("new Pix|").texts()).containsExactly("Pixel");
    assertThat(found("Pixel(1, 2).gre|").texts()).containsExactly("green");
  }

  @Test
  void membersOfAValueAreOfferedOnceEachAndInOrder() {
    assertThat(found("greeting.le|")).isEqualTo(completed(9, 11, "length", "lengthCompare"));
    assertThat(found("greeting.|").texts())
        .contains("substring", "map", "toInt")
        .doesNotHaveDuplicates()
        .isSorted();
  }

  @Test
  void whatEveryObjectHasIsOfferedOnlyWhenItIsAskedFor() {
    assertThat(found("spark.read.|").texts()).contains("parquet").doesNotContain("getClass");
    assertThat(found("spark.read.getC|").texts()).containsExactly("getClass");
  }

  @Test
  void sparkAndLivysImportsAreKnown() {
    assertThat(found("spa|").texts()).contains("spark", "spark_partition_id");
    assertThat(found("spark.ra|")).isEqualTo(completed(6, 8, "range"));
    assertThat(found("sc.paralleli|").texts()).containsExactly("parallelize");
    assertThat(found("Seq(1).toD|").texts()).contains("toDF", "toDS");
    assertThat(found("col(\"a\").isNotN|").texts()).contains("isNotNull");
  }

  @Test
  void packagesAndClassesAreOfferedInImports() {
    assertThat(found("import java.util.concu|")).isEqualTo(completed(17, 22, "concurrent"));
    assertThat(found("import scala.util.{Ran|").texts()).containsExactly("Random");
  }

  @Test
  void foldersWhereTheServerWasStartedAreNoPackages() {
    assertThat(found("|").texts()).contains("println").doesNotContain("src", "target");
  }

  @Test
  void restOfTheCellIsTakenIntoAccount() {
    assertThat(found("val list = List(1)\nlist.headO|\nval other = list.size"))
        .isEqualTo(completed(24, 29, "headOption"));
    assertThat(found("def f(n: Int) = { val inner = \"\"; inner.lengthC| }").texts())
        .containsExactly("lengthCompare");
    assertThat(found("object Both { def one = this.tw|\n  def two = 2 }").texts())
        .containsExactly("two");
    assertThat(found("greeting.\r\n  trim.\r\n  lengthC|\r\nval z = 1"))
        .isEqualTo(completed(22, 29, "lengthCompare"));
  }

  @Test
  void onlyWhatStandsBeforeTheCursorIsReplaced() {
    assertThat(found("greeting.leng|th + 1"))
        .isEqualTo(completed(9, 13, "length", "lengthCompare"));
  }

  @Test
  void abbreviationsAreSpelledOut() {
    assertThat(found("greeting.gBy|")).isEqualTo(completed(9, 12, "getBytes", "groupBy"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"a text: spark.ra|\"",
        "// spark.ra|",
        "1 + 1 // print|",
        "greeting // typeAt 0 8|",
        "noSuchThing.ra|",
        "} ) spark.ra|",
      })
  void nothingIsOfferedWhereNothingCanBeKnown(String marked) throws Exception {
    found("spark.ra|");
    assertThat(desk.complete(marked).texts()).isEmpty();
  }

  @Test
  void cursorOutsideTheTextCountsAsItsNearestEnd() throws Exception {
    found("spark.ra|");
    assertThat(bare(desk.complete("spark.ra", 1000))).isEqualTo(completed(6, 8, "range"));
    Completed before = desk.complete("spark.ra", -1);
    assertThat(before.start()).isEqualTo(0);
    assertThat(before.end()).isEqualTo(0);
  }

  @Test
  void sameQuestionHasTheSameAnswer() {
    Completed first = found("greeting.lengthC|");
    assertThat(found("greeting.lengthC|")).isEqualTo(first);
    // The prompt would explain now what it has put in.
    found("greeting.length|");
    assertThat(found("greeting.lengthC|")).isEqualTo(first);
  }

  @Test
  void nothingRunsAndNoNumberOfAResultIsUsedUp() throws Exception {
    String name = desk.run("40 + 2").echo().replaceFirst(":.*\n", "");
    int number = Integer.parseInt(name.substring("res".length()));
    desk.run("val count = new java.util.concurrent.atomic.AtomicInteger");
    assertThat(found("count.incrementAndGet()\n1 + 1\ncount.addA|").texts())
        .containsExactly("addAndGet");
    found("count.g|");
    assertThat(desk.run("count.get").echo()).isEqualTo("res" + (number + 1) + ": Int = 0\n");
    assertThat(desk.run(name).value()).isEqualTo("42");
  }

  @Test
  void questionsAreAnsweredWhileTheCodeOfAStatementRuns() throws Exception {
    String sign = "polybius.test.proceed";
    int busy =
        desk.submit(
            "println(\"busy\"); while (System.getProperty(\""
                + sign
                + "\") == null) Thread.sleep(9)");
    try {
      desk.nextOf(StatementPutOut.class);
      assertThat(found("spark.ra|")).isEqualTo(completed(6, 8, "range"));
      assertThat(found("%json greet|")).isEqualTo(completed(6, 11, "greeting"));
      assertThat(desk.completeness("def f = {")).isEqualTo(Completeness.INCOMPLETE);
    } finally {
      System.setProperty(sign, "");
    }
    assertThat(desk.await(busy).error()).isNull();
    assertThat(found("spark.ra|").texts()).containsExactly("range");
  }

  @Test
  void candidatesSayWhatTheyAreAndWhatTheyTake() throws Exception {
    assertThat(desk.run("def twice(text: String, times: Int): String = text * times").error())
        .isNull();
    assertThat(candidate("twi|", "twice"))
        .isEqualTo(new Candidate("twice", "function", "(text: String, times: Int): String"));
    assertThat(candidate("greet|", "greeting"))
        .isEqualTo(new Candidate("greeting", "instance", ": String"));
    assertThat(candidate("greeting.substr|", "substring"))
        .isEqualTo(new Candidate("substring", "function", "(Int, Int): String (and 1 more)"));
    assertThat(candidate("Pixel(1, 2).gr|", "green"))
        .isEqualTo(new Candidate("green", "instance", ": Int"));
    assertThat(candidate("new Pix|", "Pixel")).isEqualTo(new Candidate("Pixel", "class", ""));
    assertThat(candidate("Pix|", "Pixel")).isEqualTo(new Candidate("Pixel", "module", ""));
    assertThat(candidate("java.uti|", "util")).isEqualTo(new Candidate("util", "module", ""));
    assertThat(candidate("whil|", "while")).isEqualTo(new Candidate("while", "keyword", ""));
    assertThat(candidate("%js|", "json")).isEqualTo(new Candidate("json", "magic", ""));
  }

  @Test
  void whatLaterStatementsDefineIsKnownAndHidesWhatWasThere() throws Exception {
    desk.run("val changing = 1");
    assertThat(candidate("changi|", "changing").signature()).isEqualTo(": Int");
    desk.run("val changing = \"text\"\nimport scala.collection.immutable.{TreeMap => Ordered1}");
    assertThat(candidate("changi|", "changing").signature()).isEqualTo(": String");
    assertThat(found("Ordere|").texts()).contains("Ordered1");
    desk.run("throw new Exception(\"seen\")");
    assertThat(found("lastExc|").texts()).containsExactly("lastException");
  }

  @Test
  void namesOfMagicsAreOffered() throws Exception {
    assertThat(bare(desk.complete("%js|"))).isEqualTo(completed(1, 3, "json"));
    assertThat(bare(desk.complete("%%ta|ble"))).isEqualTo(completed(2, 4, "table"));
    assertThat(bare(desk.complete("val x = 1\n%ls|\nx"))).isEqualTo(completed(11, 13, "lsmagic"));
    assertThat(desk.complete("%|").texts())
        .containsExactlyElementsOf(Magics.builtin().all().stream().map(Magic::name).toList());
    assertThat(bare(desk.complete("%nothing|"))).isEqualTo(completed(1, 8));
  }

  @Test
  void argumentsOfMagicsAreCompletedAsScala() {
    assertThat(found("val list = 1\n%json list\n%table greet| 5"))
        .isEqualTo(completed(31, 36, "greeting"));
  }

  @Test
  void magicsDoNotDisturbTheStatementsAmongThem() throws Exception {
    assertThat(found("%json greeting\nval seq = Seq(1)\n%%odd ) }\nseq.headO|\n%table seq"))
        .isEqualTo(completed(46, 51, "headOption"));
    assertThat(desk.complete("val text = \"\"\"\n%js|\n\"\"\"").texts()).isEmpty();
    assertThat(desk.complete("%%json\ngreeting.le|").texts()).isEmpty();
  }

  /** Returns an answer with nothing but the texts of its candidates. */
  private static Completed bare(Completed answer) {
    return completed(answer.start(), answer.end(), answer.texts().toArray(String[]::new));
  }

  private static Completed completed(int start, int end, String... candidates) {
    return new Completed(0, Stream.of(candidates).map(Candidate::of).toList(), start, end);
  }

  private static Candidate candidate(String marked, String text) throws Exception {
    found(marked);
    return desk.complete(marked).candidates().stream()
        .filter(candidate -> candidate.text().equals(text))
        .findFirst()
        .orElseThrow();
  }

  /** Asks until there is an answer, because a slow machine may take too long the first time. */
  private static Completed found(String marked) {
    return await()
        .atMost(60, TimeUnit.SECONDS)
        .until(() -> bare(desk.complete(marked)), answer -> !answer.texts().isEmpty());
  }
}
