package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StreamName;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ScalaStatementsTest {

  private static StatementDesk desk;

  @BeforeAll
  static void startSpark() throws Exception {
    desk = StatementDesk.shared();
  }

  @Test
  void expressionHasEchoAndBareValue() throws Exception {
    StatementDesk.Ended ended = desk.run("1 + 1");
    assertThat(ended.error()).isNull();
    assertThat(ended.echo()).matches("res\\d+: Int = 2\n");
    assertThat(ended.value()).isEqualTo("2");
  }

  @Test
  void definitionsAreEchoedAndAreTheValueWhenTheyComeLast() throws Exception {
    StatementDesk.Ended ended = desk.run("import scala.math._\nval x = 41\nval y = x + 1");
    assertThat(ended.echo()).isEqualTo("import scala.math._\nx: Int = 41\ny: Int = 42\n");
    assertThat(ended.value()).isEqualTo("x: Int = 41\ny: Int = 42");
  }

  @Test
  void eachTopLevelExpressionIsEchoed() throws Exception {
    StatementDesk.Ended ended = desk.run("1\n\"two\"; 3.0");
    assertThat(ended.echo())
        .matches("res\\d+: Int = 1\nres\\d+: String = two\nres\\d+: Double = 3.0\n");
    assertThat(ended.value()).isEqualTo("3.0");
  }

  @Test
  void unitHasNoValue() throws Exception {
    StatementDesk.Ended ended = desk.run("println(\"hello\")");
    assertThat(ended.outputs()).containsExactly(new StreamText(StreamName.STDOUT, "hello\n"));
  }

  @Test
  void commentsAndBlankLinesSucceedSilently() throws Exception {
    assertThat(desk.run("// nothing\n/* at all */\n").outputs()).isEmpty();
    assertThat(desk.run("").outputs()).isEmpty();
    assertThat(desk.run("\n  \n").error()).isNull();
  }

  @Test
  void valuesOfManyShapesAreShownAsScalaShowsThem() throws Exception {
    assertThat(desk.run("Array(1, 2, 3)").value()).isEqualTo("Array(1, 2, 3)");
    assertThat(desk.run("Map(\"a\" -> Some(1))").value()).isEqualTo("Map(a -> Some(1))");
    assertThat(desk.run("null").value()).isEqualTo("null");
    assertThat(desk.run("\"a\\nb\"").value()).isEqualTo("a\nb");
    assertThat(desk.run("\"\\u00e9\\ud83d\\ude00 \\u4e2d\"").value())
        .isEqualTo("\u00e9\ud83d\ude00 \u4e2d");
    assertThat(desk.run("val reused = 7\nreused").value()).isEqualTo("7");
  }

  @Test
  void continuedLinesBelongTogether() throws Exception {
    assertThat(desk.run("Seq(1, 2, 3)\n  .map(_ * 2)\n  .sum").value()).isEqualTo("12");
    assertThat(desk.run("val z =\n  5\nif (z > 3)\n  \"big\"\nelse\n  \"small\"").value())
        .isEqualTo("big");
  }

  @Test
  void declarationsOfOneCellSeeEachOther() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            sealed trait Shape
            case class Circle(radius: Double) extends Shape
            case class Square(side: Double) extends Shape
            object Circle { def unit: Circle = Circle(1) }
            def even(n: Int): Boolean = n == 0 || odd(n - 1)
            def odd(n: Int): Boolean = n != 0 && even(n - 1)
            (Circle.unit, even(10))
            """);
    assertThat(ended.error()).isNull();
    assertThat(ended.value()).isEqualTo("(Circle(1.0),true)");
  }

  @Test
  void compileErrorNamesTheLineAndPointsAtIt() throws Exception {
    StatementDesk.Ended ended = desk.run("val good = 1\nnoSuchThing + 1");
    assertThat(ended.echo()).isEqualTo("good: Int = 1\n");
    assertThat(ended.error().origin()).isEqualTo(Origin.COMPILER);
    assertThat(ended.error().message())
        .matches("<console>:\\d+: error: not found: value noSuchThing");
    assertThat(ended.error().traceback()).anyMatch(line -> line.strip().equals("^"));
    assertThat(desk.run("good").value()).isEqualTo("1");
  }

  @Test
  void syntaxErrorIsACompileError() throws Exception {
    StatementDesk.Ended ended = desk.run("val 5x = 3 3 )");
    assertThat(ended.error().origin()).isEqualTo(Origin.COMPILER);
    assertThat(ended.error().message()).contains("error:");
  }

  @Test
  void exceptionKeepsItsClassMessageAndOutputBeforeIt() throws Exception {
    StatementDesk.Ended ended =
        desk.run("println(\"before\")\nthrow new IllegalStateException(\"boom\")\nval never = 1");
    assertThat(ended.printed(StreamName.STDOUT)).isEqualTo("before\n");
    assertThat(ended.error().origin()).isEqualTo(Origin.USER_CODE);
    assertThat(ended.error().name()).isEqualTo("java.lang.IllegalStateException");
    assertThat(ended.error().message()).isEqualTo("boom");
    assertThat(ended.error().traceback()).isNotEmpty().allMatch(line -> !line.contains("boom"));
    assertThat(desk.run("never").error().origin()).isEqualTo(Origin.COMPILER);
  }

  @Test
  void messageIsNotInTheTracebackToo() throws Exception {
    // Spark's exception gives itself another class when it is asked for its text.
    StatementDesk.Ended ended = desk.run("spark.sql(\"select * from nothing\")");
    assertThat(ended.error().message()).contains("TABLE_OR_VIEW_NOT_FOUND", "'Project [*]");
    assertThat(ended.error().traceback())
        .isNotEmpty()
        .noneMatch(line -> line.contains("'Project [*]"));
  }

  @Test
  void theSameExceptionTwiceIsReportedTwice() throws Exception {
    for (int i = 0; i < 2; i++) {
      assertThat(desk.run("sys.error(\"again\")").error().name())
          .isEqualTo("java.lang.RuntimeException");
    }
    assertThat(desk.run("notDefinedAnywhere").error().origin()).isEqualTo(Origin.COMPILER);
  }

  @Test
  void deepRecursionAndMemoryErrorsEndTheStatementOnly() throws Exception {
    assertThat(desk.run("def deep(n: Int): Int = deep(n + 1) + 1\ndeep(0)").error().name())
        .isEqualTo("java.lang.StackOverflowError");
    assertThat(desk.run("new Array[Long](Int.MaxValue)").error().name())
        .isEqualTo("java.lang.OutOfMemoryError");
    assertThat(desk.run("1 + 2").value()).isEqualTo("3");
  }

  @Test
  void hugeErrorMessagesAreShortened() throws Exception {
    StatementDesk.Ended ended = desk.run("sys.error(\"x\" * 5000000)");
    assertThat(ended.error().origin()).isEqualTo(Origin.USER_CODE);
    assertThat(ended.error().message()).hasSizeBetween(1000, 20_000).endsWith("...");
    assertThat(desk.run("1 + 1").value()).isEqualTo("2");
  }

  @Test
  void incompleteCodeIsSaidToBeIncomplete() throws Exception {
    StatementDesk.Ended ended = desk.run("def f(n: Int) = {");
    assertThat(ended.error().origin()).isEqualTo(Origin.INCOMPLETE);
    assertThat(ended.error().message()).isEqualTo("incomplete statement");
  }

  @Test
  void braceThatClosesNothingIsAnErrorAndRunsNothing() throws Exception {
    for (String code :
        List.of("println(1) }\nprintln(2)", "def g = {\n 1\n}}\nprintln(3)", "}}", "1 }} 2")) {
      StatementDesk.Ended ended = desk.run(code);
      assertThat(ended.error().origin()).as(code).isEqualTo(Origin.COMPILER);
      assertThat(ended.outputs()).as(code).isEmpty();
      assertThat(desk.completeness(code)).as(code).isEqualTo(Completeness.INVALID);
    }
    assertThat(desk.run("{ 1 + 1 }").value()).isEqualTo("2");
  }

  @Test
  void completenessIsTold() throws Exception {
    assertThat(desk.completeness("1 + 1")).isEqualTo(Completeness.COMPLETE);
    assertThat(desk.completeness("def f(n: Int) = {")).isEqualTo(Completeness.INCOMPLETE);
    assertThat(desk.completeness("\"\"\"a")).isEqualTo(Completeness.INCOMPLETE);
    assertThat(desk.completeness("val = = 3")).isEqualTo(Completeness.INVALID);
    assertThat(desk.completeness("")).isEqualTo(Completeness.COMPLETE);
    assertThat(desk.completeness("%json x")).isEqualTo(Completeness.COMPLETE);
  }

  @Test
  void windowsLineEndsAreFine() throws Exception {
    assertThat(desk.run("val a = 1\r\nval b = 2\r\na + b\r\n").value()).isEqualTo("3");
  }

  @Test
  void sparkIsReadyWithLivysImports() throws Exception {
    assertThat(desk.run("spark.range(10).filter($\"id\" > 6).count").value()).isEqualTo("3");
    assertThat(desk.run("sql(\"select 40 + 2\").head.getInt(0)").value()).isEqualTo("42");
    assertThat(desk.run("Seq(1, 2).toDF(\"n\").agg(sum(\"n\")).head.getLong(0)").value())
        .isEqualTo("3");
    assertThat(desk.run("sc.parallelize(1 to 4).map(_ + 1).sum").value()).isEqualTo("14.0");
  }

  @Test
  void classesAndClosuresReachExecutors() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            case class Point(x: Int, y: Int)
            val shift = 10
            sc.parallelize(Seq(Point(1, 2), Point(3, 4))).map(p => p.copy(x = p.x + shift)).collect().toList
            """);
    assertThat(ended.error()).isNull();
    assertThat(ended.value()).isEqualTo("List(Point(11,2), Point(13,4))");
    assertThat(desk.run("Seq(Point(1, 2)).toDS.map(_.y + shift).collect().toSeq").value())
        .contains("12");
  }

  @Test
  void outputComesWhileTheCodeRuns() throws Exception {
    int id = desk.submit("println(\"first\"); Thread.sleep(1500); println(\"second\")");
    DriverEvent.StatementPutOut early = desk.nextOf(DriverEvent.StatementPutOut.class);
    long seen = System.nanoTime();
    assertThat(early.output()).isEqualTo(new StreamText(StreamName.STDOUT, "first\n"));
    desk.await(id);
    assertThat(Duration.ofNanos(System.nanoTime() - seen)).isGreaterThan(Duration.ofMillis(700));
  }

  @Test
  void everyWayToPrintIsCaughtInOrder() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            System.out.println("java out")
            System.err.println("java err")
            print("no line end")
            Console.err.println("scala err")
            """);
    assertThat(ended.printed(StreamName.STDOUT)).isEqualTo("java out\nno line end");
    assertThat(ended.printed(StreamName.STDERR)).isEqualTo("java err\nscala err\n");
  }

  @Test
  void tenThousandLinesArriveWholeInFewEvents() throws Exception {
    StatementDesk.Ended ended = desk.run("for (i <- 1 to 10000) println(s\"line $i\")");
    String text = ended.printed(StreamName.STDOUT);
    assertThat(text.lines().count()).isEqualTo(10000);
    assertThat(text).startsWith("line 1\n").endsWith("line 10000\n");
    assertThat(ended.all().size()).isLessThan(200);
  }

  @Test
  void endlessOutputIsCutWithANote() throws Exception {
    StatementDesk.Ended ended = desk.run("for (i <- 1 to 50000) println(\"0123456789\")");
    assertThat(ended.error()).isNull();
    assertThat(ended.printed(StreamName.STDOUT)).hasSize(StatementDesk.MAX_OUTPUT_CHARS);
    assertThat(ended.printed(StreamName.STDERR)).contains("the rest was dropped");
  }

  @Test
  void printingThreadsAndTasksBelongToTheirStatement() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            val printer = new Thread(() => println("from a thread"))
            printer.start(); printer.join()
            sc.parallelize(1 to 2, 2).foreach(i => println("from task " + i))
            """);
    assertThat(ended.printed(StreamName.STDOUT))
        .contains("from a thread\n", "from task 1\n", "from task 2\n");
  }

  @Test
  void progressFollowsTheJobGroup() throws Exception {
    StatementDesk.Ended ended =
        desk.run("sc.parallelize(1 to 8, 8).map { i => Thread.sleep(60); i }.count()");
    assertThat(ended.all())
        .anySatisfy(
            event -> {
              assertThat(event).isInstanceOf(DriverEvent.StatementProgressed.class);
              DriverEvent.StatementProgressed progressed = (DriverEvent.StatementProgressed) event;
              assertThat(progressed.totalTasks()).isEqualTo(8);
              assertThat(progressed.completedTasks()).isBetween(1, 8);
            });
  }

  @Test
  void stagesThatSparkSkipsAreNotWaitedFor() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            val sumsByParity = sc.parallelize(1 to 10, 2).map(i => (i % 2, i)).reduceByKey(_ + _, 2)
            sumsByParity.count(); sumsByParity.count()
            // Spark tells of the end of a job a little later than the job ends.
            Thread.sleep(1000)
            """);
    DriverEvent.StatementProgressed last =
        ended.all().stream()
            .filter(DriverEvent.StatementProgressed.class::isInstance)
            .map(DriverEvent.StatementProgressed.class::cast)
            .reduce((earlier, later) -> later)
            .orElseThrow();
    assertThat(List.of(last.completedTasks(), last.totalTasks())).containsExactly(6, 6);
    assertThat(List.of(last.completedStages(), last.totalStages())).containsExactly(3, 3);
  }

  @Test
  void sleepIsInterrupted() throws Exception {
    assertInterrupted("Thread.sleep(60000)");
  }

  @Test
  void endlessLoopIsInterrupted() throws Exception {
    assertInterrupted("while (true) {}");
  }

  @Test
  void stubbornLoopIsInterrupted() throws Exception {
    assertInterrupted(
        "var going = true; while (going) { try { Thread.sleep(1000) } catch { case _: Exception => } }");
  }

  @Test
  void sparkJobIsInterruptedAndItsTasksEnd() throws Exception {
    assertInterrupted("sc.parallelize(1 to 4, 4).map { i => Thread.sleep(60000); i }.count()");
    StatementDesk.Ended active =
        desk.run("Thread.sleep(500); sc.statusTracker.getActiveJobIds.length");
    assertThat(active.value()).isEqualTo("0");
  }

  @Test
  void waitingStatementIsCancelledWithoutRunning() throws Exception {
    int busy = desk.submit("Thread.sleep(1000)");
    int waiting = desk.submit("println(\"never\")");
    desk.cancel(waiting);
    assertThat(desk.await(busy).error()).isNull();
    StatementDesk.Ended ended = desk.await(waiting);
    assertThat(ended.error().origin()).isEqualTo(Origin.INTERRUPT);
    assertThat(ended.outputs()).isEmpty();
  }

  @Test
  void cancellingWhatHasEndedHarmsNothing() throws Exception {
    StatementDesk.Ended ended = desk.run("5");
    desk.cancel(ended.id());
    assertThat(desk.run("6").value()).isEqualTo("6");
  }

  private static void assertInterrupted(String code) throws Exception {
    int id = desk.submit("println(\"started\")\n" + code);
    desk.nextOf(DriverEvent.StatementPutOut.class);
    long begin = System.nanoTime();
    desk.cancel(id);
    StatementDesk.Ended ended = desk.await(id);
    assertThat(ended.error().origin()).isEqualTo(Origin.INTERRUPT);
    assertThat(ended.error().name().toLowerCase(Locale.ROOT)).contains("interrupt");
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(20));
    assertThat(desk.run("1 + 1").value()).isEqualTo("2");
  }
}
