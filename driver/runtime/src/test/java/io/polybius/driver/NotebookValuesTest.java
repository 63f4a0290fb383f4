package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.ExecuteOptions.Expression;
import io.polybius.driver.protocol.ExpressionResult.Evaluated;
import io.polybius.driver.protocol.ExpressionResult.NotEvaluated;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What notebooks want beyond texts: tables, expressions, and traces that lead to a cell's line. */
@Timeout(120)
class NotebookValuesTest {

  private static StatementDesk desk;

  @BeforeAll
  static void startSpark() throws Exception {
    desk = StatementDesk.shared();
  }

  @Test
  void dataFrameAsValueIsATable() throws Exception {
    StatementDesk.Ended ended = desk.runRich("spark.range(3).toDF(\"number\")");
    assertThat(ended.error()).isNull();
    assertThat(ended.richValue().find(MimeBundle.HTML).orElseThrow().data())
        .contains("<table", "<th>number</th>", "<td>2</td>");
    assertThat(ended.value()).contains("|number|", "|     2|");
    assertThat(ended.all()).anyMatch(DriverEvent.StatementProgressed.class::isInstance);
  }

  @Test
  void onlyTheFirstRowsAreShownAsManyAsSparksSettingsSay() throws Exception {
    String frame = "spark.range(1000)";
    assertThat(desk.runRich(frame).value()).contains("| 19|").doesNotContain("| 20|");
    String setting = "spark.sql.repl.eagerEval.maxNumRows";
    try {
      desk.run("spark.conf.set(\"" + setting + "\", 3)");
      assertThat(desk.runRich(frame).value()).contains("|  2|").doesNotContain("|  3|");
      desk.run("spark.conf.set(\"" + setting + "\", 0)");
      assertThat(desk.runRich(frame).value()).isEqualTo("[id: bigint]");
    } finally {
      desk.run("spark.conf.unset(\"" + setting + "\")");
    }
  }

  @Test
  void nothingIsComputedForThoseWhoWantText() throws Exception {
    StatementDesk.Ended ended = desk.run("spark.range(3).toDF(\"number\")");
    assertThat(ended.value()).isEqualTo("[number: bigint]");
    assertThat(ended.all()).noneMatch(DriverEvent.StatementProgressed.class::isInstance);
  }

  @Test
  void definitionsAndOtherValuesStayText() throws Exception {
    assertThat(desk.runRich("val frame = spark.range(3)").value())
        .isEqualTo("frame: org.apache.spark.sql.Dataset[Long] = [id: bigint]");
    assertThat(desk.runRich("3 + 4").richValue()).isEqualTo(MimeBundle.text("7"));
    assertThat(desk.runRich("Seq(1, 2)").richValue()).isEqualTo(MimeBundle.text("List(1, 2)"));
  }

  @Test
  void failureOfATableIsThatOfTheStatement() throws Exception {
    StatementDesk.Ended ended =
        desk.runRich("val zero = 0\nsc.parallelize(1 to 3).map(n =>\n  n / zero).toDF");
    assertThat(ended.error().origin()).isEqualTo(Origin.USER_CODE);
    assertThat(ended.error().message()).contains("/ by zero");
    assertThat(ended.error().trace()).contains("----> 3   n / zero).toDF");
  }

  @Test
  void tableThatIsBeingComputedIsInterrupted() throws Exception {
    int id =
        desk.submit(
            "println(\"begins\")\nspark.range(9).map { n => Thread.sleep(60000); n }",
            new ExecuteOptions(true, false, List.of()));
    while (desk.nextOf(DriverEvent.StatementProgressed.class).statementId() != id) {
      // Spark's last words on a statement can come after its end.
    }
    desk.cancel(id);
    assertThat(desk.await(id).error().origin()).isEqualTo(Origin.INTERRUPT);
    StatementDesk.Ended next = desk.run("1 + 1");
    assertThat(next.error()).isNull();
    assertThat(next.value()).isEqualTo("2");
  }

  @Test
  void expressionsAreEvaluatedAfterTheStatement() throws Exception {
    StatementDesk.Ended ended =
        desk.runRich(
            "val base = 20",
            new Expression("sum", "base * 2 + 2"),
            new Expression("block", "val a = 1; a + base"),
            new Expression("frame", "spark.range(2)"),
            new Expression("failing", "\n1 / (base - 20)"),
            new Expression("wrong", "noSuchThing"),
            new Expression("unfinished", "1 + ("));
    assertThat(ended.expressions().get(0)).isEqualTo(new Evaluated("sum", MimeBundle.text("42")));
    assertThat(ended.expressions().get(1)).isEqualTo(new Evaluated("block", MimeBundle.text("21")));
    assertThat(((Evaluated) ended.expressions().get(2)).value().find(MimeBundle.HTML)).isPresent();
    NotEvaluated failing = (NotEvaluated) ended.expressions().get(3);
    assertThat(failing.error().name()).isEqualTo("java.lang.ArithmeticException");
    assertThat(failing.error().trace()).contains("----> 2 1 / (base - 20)");
    NotEvaluated wrong = (NotEvaluated) ended.expressions().get(4);
    assertThat(wrong.error().origin()).isEqualTo(Origin.COMPILER);
    assertThat(wrong.error().trace().get(0)).startsWith("cell line 1: error: not found");
    assertThat(ended.expressions().get(5)).isInstanceOf(NotEvaluated.class);
  }

  @Test
  void expressionsLeaveNothingBehind() throws Exception {
    String name = desk.run("40 + 2").echo().replaceFirst(":.*\n", "");
    int number = Integer.parseInt(name.substring("res".length()));
    StatementDesk.Ended ended = desk.runRich("val quiet = 1", new Expression("e", "quiet + 1"));
    assertThat(ended.outputs().stream().filter(StatementOutput.Echo.class::isInstance)).hasSize(1);
    assertThat(desk.run("40 + 3").echo()).isEqualTo("res" + (number + 1) + ": Int = 43\n");
    assertThat(desk.run("polybiusValue").error().origin()).isEqualTo(Origin.COMPILER);
  }

  @Test
  void expressionsThatTakeTooLongAreStopped() throws Exception {
    StatementDesk.Ended ended =
        desk.runRich(
            "val quick = 1",
            new Expression("endless", "while (true) {}"),
            new Expression("late", "quick"));
    assertThat(ended.error()).isNull();
    assertThat(ended.expressions())
        .hasSize(2)
        .allSatisfy(
            result -> assertThat(((NotEvaluated) result).error().name()).isEqualTo("TimeLimit"));
    assertThat(desk.run("quick").value()).isEqualTo("1");
  }

  @Test
  void expressionsAreInterrupted() throws Exception {
    int id =
        desk.submit(
            "1",
            new ExecuteOptions(
                false,
                false,
                List.of(new Expression("e", "println(\"waits\"); Thread.sleep(60000)"))));
    desk.nextOf(DriverEvent.StatementPutOut.class);
    desk.cancel(id);
    NotEvaluated result = (NotEvaluated) desk.await(id).expressions().get(0);
    assertThat(result.error().origin()).isEqualTo(Origin.INTERRUPT);
    StatementDesk.Ended next = desk.run("1 + 1");
    assertThat(next.error()).isNull();
    assertThat(next.value()).isEqualTo("2");
  }

  @Test
  void traceBeginsAtTheUsersLine() throws Exception {
    StatementDesk.Ended ended =
        desk.run("val texts = Seq(\"1\", \"x\")\n\ntexts.map(_.toInt)\nval never = 1");
    List<String> trace = ended.error().trace();
    assertThat(trace)
        .startsWith(
            "      1 val texts = Seq(\"1\", \"x\")",
            "      2 ",
            "----> 3 texts.map(_.toInt)",
            "      4 val never = 1")
        .contains("  at cell line 3, in a function")
        .endsWith("  at cell line 3");
    assertThat(String.join("\n", trace)).doesNotContain("$line", "$iw", "java.lang.reflect");
  }

  @Test
  void traceGoesThroughWhatEarlierCellsDefined() throws Exception {
    desk.run("def share(n: Int) =\n  100 / n\nclass Sharer { def by(n: Int) = share(n) }");
    StatementDesk.Ended ended = desk.run("// shares\nnew Sharer().by(0)");
    assertThat(ended.error().trace())
        .contains(
            "----> 2   100 / n",
            "  at share (line 2 of an earlier cell: 100 / n)",
            "  at Sharer.by (line 3 of an earlier cell: class Sharer { def by(n: Int) = share(n) })",
            "  at cell line 2");
    assertThat(ended.error().traceback())
        .anyMatch(line -> line.startsWith("  at Sharer.by(<console>:"));
  }

  @Test
  void traceShowsCausesAndTheLineThatFailedInATask() throws Exception {
    StatementDesk.Ended ended =
        desk.run("sc.parallelize(1 to 3).map { n =>\n  10 / (n - 2)\n}.collect()");
    assertThat(ended.error().trace())
        .contains(
            "----> 1 sc.parallelize(1 to 3).map { n =>",
            "Caused by: java.lang.ArithmeticException: / by zero",
            "----> 2   10 / (n - 2)")
        .noneMatch(line -> line.contains("org.apache.spark"));
  }

  @Test
  void compilerIsQuotedWithTheLinesOfTheCell() throws Exception {
    StatementDesk.Ended ended =
        desk.run("val one = 1\n%json one\n\nval two = one +\n  missing\ntwo");
    assertThat(ended.error().trace().get(0))
        .isEqualTo("cell line 5: error: not found: value missing");
    assertThat(ended.error().trace()).anyMatch(line -> line.strip().equals("^"));
    assertThat(ended.error().message()).startsWith("<console>:");
  }

  @Test
  void interruptedStatementTellsWhereItWas() throws Exception {
    int id = desk.submit("println(\"waits\")\nThread.sleep(60000)");
    desk.nextOf(DriverEvent.StatementPutOut.class);
    desk.cancel(id);
    assertThat(desk.await(id).error().trace()).contains("----> 2 Thread.sleep(60000)");
  }
}
