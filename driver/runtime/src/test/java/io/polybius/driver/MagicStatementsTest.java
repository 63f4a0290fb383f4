package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError.Origin;
import java.io.ByteArrayInputStream;
import java.util.Base64;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Magics on the values of a real Scala and a real Spark. */
@Timeout(120)
class MagicStatementsTest {

  private static StatementDesk desk;

  @BeforeAll
  static void startSpark() throws Exception {
    desk = StatementDesk.shared();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1 | 1",
        "\"text\" | \"text\"",
        "'c' | \"c\"",
        "1.5 | 1.5",
        "0.1f | 0.1",
        "BigInt(\"123456789012345678901234567890\") | 123456789012345678901234567890",
        "BigDecimal(\"1.10\") | 1.10",
        "Seq(1, 2) | [1,2]",
        "Array(1, 2) | [1,2]",
        "(1, \"two\") | [1,\"two\"]",
        "Map(\"k\" -> Seq(true)) | {\"k\":[true]}",
        "Option(5) | 5",
        "None | null",
        "java.util.Arrays.asList(1, 2) | [1,2]",
        "java.time.LocalDate.of(2024, 2, 29) | \"2024-02-29\"",
        "sc.parallelize(Seq(2, 1)) | [2,1]",
        "spark.range(2) | [{\"id\":0},{\"id\":1}]",
        "Iterator(1, 2) | [1,2]",
      })
  void valuesBecomeJson(String value, String json) throws Exception {
    StatementDesk.Ended ended = desk.run("val shown = " + value + "\n%json shown");
    assertThat(ended.error()).isNull();
    assertThat(ended.displays()).hasSize(1);
    assertThat(ended.displays().get(0).find(MimeBundle.JSON).orElseThrow().data()).isEqualTo(json);
  }

  @Test
  void caseClassesBecomeObjectsWithoutWhatTheyLack() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            case class Inner(`odd name`: Int)
            case class Outer(first: String, none: Option[Int], some: Option[Int], inner: Inner)
            val outer = Outer("x", None, Some(1), Inner(2))
            %json outer""");
    assertThat(ended.displays().get(0).find(MimeBundle.JSON).orElseThrow().data())
        .isEqualTo("{\"first\":\"x\",\"some\":1,\"inner\":{\"odd name\":2}}");
  }

  @Test
  void rowsTellTheirSchema() throws Exception {
    StatementDesk.Ended ended =
        desk.run("val rows = spark.range(1).toDF(\"n\").collect()\n%json rows");
    assertThat(ended.displays().get(0).find(MimeBundle.JSON).orElseThrow().data())
        .startsWith("[{\"values\":[0],\"schema\":[{\"name\":\"n\"");
  }

  @Test
  void dataFramesOfManyTypesBecomeTables() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            val frame = spark.sql("select 1 as i, cast(2 as decimal(5,2)) as d, 'x' as s, date'2024-01-02' as day, null as nothing, array(1,2) as list, named_struct('a', 1) as struct")
            %table frame""");
    assertThat(ended.error()).isNull();
    MimeBundle bundle = ended.displays().get(0);
    assertThat(bundle.find(MimeBundle.HTML).orElseThrow().data()).contains("<table", "2024-01-02");
    assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data()).contains("2.00");
    assertThat(bundle.find(MimeBundle.LIVY_TABLE).orElseThrow().data())
        .contains("\"name\":\"i\"", "DECIMAL_TYPE");
  }

  @Test
  void dataFramesAndCaseClassesBecomePlots() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            case class Sale(region: String, total: Double)
            val sales = Seq(Sale("north", 2), Sale("south", 3.5), Sale("north", 1))
            val frame = spark.sql("select date'2024-01-01' + cast(id as int) as day, cast(id * id as decimal(9,2)) as square, cast(null as double) as nothing from range(5)")
            %plot sales
            %plot frame y=square
            %plot frame histogram x=square title=Squares""");
    assertThat(ended.error()).isNull();
    assertThat(ended.displays()).hasSize(3);
    for (MimeBundle bundle : ended.displays()) {
      byte[] png = Base64.getDecoder().decode(bundle.find(MimeBundle.PNG).orElseThrow().data());
      assertThat(ImageIO.read(new ByteArrayInputStream(png)).getWidth()).isGreaterThan(300);
    }
    assertThat(ended.displays())
        .extracting(bundle -> bundle.find(MimeBundle.TEXT).orElseThrow().data())
        .satisfiesExactly(
            text -> assertThat(text).contains("total by region", " 3\n", " 3.5"),
            text -> assertThat(text).startsWith("line: frame\n5 points").contains("0 to 16"),
            text -> assertThat(text).startsWith("histogram: Squares"));
    assertThat(ended.displays().get(0).find(MimeBundle.VEGA_LITE).orElseThrow().data())
        .contains("{\"x\":\"north\",\"y\":3}");
  }

  @Test
  void longResultsAreCutAndSaySo() throws Exception {
    StatementDesk.Ended ended = desk.run("val many = spark.range(2000).toDF\n%table many 5");
    MimeBundle bundle = ended.displays().get(0);
    assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data()).contains("5 of more than 5 rows");
    assertThat(bundle.find(MimeBundle.HTML).orElseThrow().data()).contains("5 of more than 5 rows");
  }

  @Test
  void whatCannotBeDataIsRefused() throws Exception {
    StatementDesk.Ended ended = desk.run("val odd = new Object\n%json odd");
    assertThat(ended.error().origin()).isEqualTo(Origin.MAGIC);
    assertThat(ended.error().name()).isEqualTo("ValueError");
    StatementDesk.Ended cyclic =
        desk.run("val loop = new java.util.ArrayList[Any](); loop.add(loop)\n%json loop");
    assertThat(cyclic.error().name()).isEqualTo("ValueError");
  }

  @Test
  void failuresOfTheUsersOwnDataAreTheUsers() throws Exception {
    StatementDesk.Ended ended = desk.run("val bad = sc.parallelize(Seq(0)).map(1 / _)\n%json bad");
    assertThat(ended.error()).isNotNull();
    assertThat(ended.error().message()).contains("/ by zero");
    assertThat(desk.run("1").value()).isEqualTo("1");
  }

  @Test
  void unknownMagicsAndNamesAreSaid() throws Exception {
    assertThat(desk.run("%tabel x").error().name()).isEqualTo("UnknownMagic");
    assertThat(desk.run("%table nobody").error().message())
        .isEqualTo("Value nobody does not exist");
  }

  @Test
  void percentSignsWithinStatementsAreNoMagics() throws Exception {
    assertThat(desk.run("val t = \"\"\"\n%json x\n\"\"\"\nt.trim").value()).isEqualTo("%json x");
  }

  @Test
  void magicsStandBetweenStatements() throws Exception {
    StatementDesk.Ended ended = desk.run("val one = 1\n%json one\nval two = 2\n%json two");
    assertThat(ended.displays()).hasSize(2);
    assertThat(ended.echo()).isEqualTo("one: Int = 1\ntwo: Int = 2\n");
  }
}
