package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.CommMessage.Step;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.CommHandled;
import io.polybius.driver.protocol.DriverEvent.CommSent;
import io.polybius.driver.protocol.DriverEvent.InputRequested;
import io.polybius.driver.protocol.DriverEvent.StatementFailed;
import io.polybius.driver.protocol.DriverEvent.StatementPutOut;
import io.polybius.driver.protocol.DriverEvent.StatementSucceeded;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.Clear;
import io.polybius.driver.protocol.StatementOutput.Display;
import io.polybius.driver.protocol.StatementOutput.DisplayUpdate;
import io.polybius.driver.protocol.StatementOutput.NextInput;
import io.polybius.driver.protocol.StatementOutput.Page;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StreamName;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What code in a real REPL says by {@code kernel}, and asks through its standard input. */
@Timeout(120)
class NotebookStatementsTest {

  private static StatementDesk desk;

  @BeforeAll
  static void startSpark() throws Exception {
    desk = StatementDesk.shared();
  }

  @Test
  void displaysStandBetweenWhatIsPrinted() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            print("before")
            kernel.html("<b>bold</b>")
            print("after")
            kernel.display.markdown("# title")
            kernel.display("text/x-own", 5)
            kernel.png(Array[Byte](1, 2, 3))
            kernel.json(Map("list" -> Seq(1, 2)))
            kernel.display(Map("text/html" -> "<i>1</i>", "text/plain" -> "1"))
            val lastShown = kernel.display.content("application/x-own+json", "[1]")
            """);
    assertThat(ended.error()).isNull();
    assertThat(
            ended.outputs().stream()
                .filter(each -> each instanceof StreamText || each instanceof Display)
                .map(each -> each instanceof Display shown ? shown.bundle() : each))
        .containsExactly(
            new StreamText(StreamName.STDOUT, "before"),
            bundle("text/html", "<b>bold</b>"),
            new StreamText(StreamName.STDOUT, "after"),
            bundle("text/markdown", "# title").with("text/plain", "# title"),
            bundle("text/x-own", "5"),
            bundle("image/png", "AQID"),
            bundle("application/json", "{\"list\":[1,2]}"),
            bundle("text/html", "<i>1</i>").with("text/plain", "1"),
            bundle("application/x-own+json", "[1]"));
  }

  @Test
  void displayIsNotFollowedByTheHandleThatItReturns() throws Exception {
    StatementDesk.Ended ended = desk.run("kernel.text(\"1\")\nkernel.text(\"2\")");
    assertThat(ended.outputs()).hasSize(2).allMatch(Display.class::isInstance);
    assertThat(desk.run("kernel.text(\"1\").update(\"2\")\n3").value()).isEqualTo("3");
  }

  @Test
  void displaysAreChangedByTheirHandleAlsoInLaterStatements() throws Exception {
    desk.run("val shown = kernel.html(\"1\")");
    StatementDesk.Ended ended =
        desk.run("shown.update(\"2\"); shown.update(\"text/plain\", \"3\"); val id = shown.id");
    List<DisplayUpdate> updates = all(ended, DisplayUpdate.class);
    assertThat(updates)
        .extracting(DisplayUpdate::bundle)
        .containsExactly(bundle("text/html", "2"), bundle("text/plain", "3"));
    assertThat(ended.value()).contains(updates.get(0).displayId());
  }

  @Test
  void displaysAreChangedByAChosenName() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            val named = kernel.display("bar", "text/plain", "0 %")
            kernel.update("bar", "text/plain", "50 %")
            kernel.update("bar", Map("text/plain" -> "100 %"))
            """);
    assertThat(all(ended, Display.class))
        .containsExactly(new Display(bundle("text/plain", "0 %"), "bar"));
    assertThat(all(ended, DisplayUpdate.class))
        .containsExactly(
            new DisplayUpdate(bundle("text/plain", "50 %"), "bar"),
            new DisplayUpdate(bundle("text/plain", "100 %"), "bar"));
  }

  @Test
  void clearPageAndNextInputAreOutputs() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            kernel.clearOutput(true)
            kernel.display.clear()
            kernel.page("help")
            kernel.setNextInput("1 + 1")
            kernel.setNextInput("2", true)
            """);
    assertThat(ended.outputs())
        .containsExactly(
            new Clear(true),
            new Clear(false),
            new Page(MimeBundle.text("help")),
            new NextInput("1 + 1", false),
            new NextInput("2", true));
  }

  @Test
  void whatCannotBeShownIsTheUsersError() throws Exception {
    assertThat(desk.run("kernel.json(\"{oops\")").error().message()).contains("no JSON");
    assertThat(desk.run("kernel.json(new Object)").error().message()).contains("java.lang.Object");
    assertThat(desk.run("kernel.display(\"html\", \"x\")").error().message())
        .contains("no MIME type");
    assertThat(desk.run("kernel.display(5)").error().message()).contains("map");
    assertThat(desk.run("kernel.text(\"x\" * 9000000)").error().origin())
        .isEqualTo(Origin.USER_CODE);
  }

  @Test
  void ownKernelOfTheUserTakesItsPlace() throws Exception {
    assertThat(desk.run("val kernel = Seq(1, 2, 1)\nkernel.sum").value()).isEqualTo("4");
    assertThat(desk.run("kernel.size").value()).isEqualTo("3");
    assertThat(desk.run("import io.polybius.notebook.Notebook.kernel\nkernel").value())
        .isEqualTo("kernel");
    assertThat(desk.run("kernel.text(\"back\")").displays()).hasSize(1);
  }

  @Test
  void lateDisplayBelongsToTheStatementThatStartedTheThread() throws Exception {
    StatementDesk.Ended first =
        desk.run(
            """
            val gate = new java.util.concurrent.CountDownLatch(1)
            val thread = new Thread(() => { gate.await(); kernel.text("late"); () })
            thread.start()""");
    desk.submit("gate.countDown(); thread.join()");
    StatementPutOut put = nextDisplay();
    assertThat(put.statementId()).isEqualTo(first.id());
    desk.nextOf(StatementSucceeded.class);
  }

  @Test
  void tasksOfSparkShowForTheStatementThatRuns() throws Exception {
    StatementDesk.Ended ended =
        desk.run("sc.parallelize(Seq(1), 1).foreach(n => kernel.text(\"task \" + n))");
    assertThat(ended.error()).isNull();
    assertThat(ended.displays()).containsExactly(bundle("text/plain", "task 1"));
  }

  @Test
  void kernelAsksAndTheAnswerIsItsValue() throws Exception {
    StatementDesk.Ended ended =
        desk.converse(
            """
            print("hello")
            val name = kernel.input("Name? ")
            val secret = kernel.password("Secret? ")
            name + secret""",
            "Ada",
            "\ud83d\ude00");
    assertThat(ended.value()).isEqualTo("Ada\ud83d\ude00");
    assertThat(ended.all())
        .startsWith(
            new StatementPutOut(ended.id(), new StreamText(StreamName.STDOUT, "hello")),
            new InputRequested(ended.id(), "Name? ", false))
        .contains(new InputRequested(ended.id(), "Secret? ", true));
  }

  @Test
  void standardInputOfScalaAsksWithWhatWasPrintedOnTheLine() throws Exception {
    StatementDesk.Ended ended =
        desk.converse(
            """
            println("a line")
            val firstLine = scala.io.StdIn.readLine("First? ")
            val secondLine = Console.in.readLine()
            val number = scala.io.StdIn.readInt()
            (firstLine, secondLine, number)""",
            "\u00e4 b",
            "",
            "7");
    assertThat(ended.value()).isEqualTo("(\u00e4 b,\"\",7)");
    assertThat(ended.all().stream().filter(InputRequested.class::isInstance))
        .containsExactly(
            new InputRequested(ended.id(), "First? ", false),
            new InputRequested(ended.id(), "", false),
            new InputRequested(ended.id(), "", false));
    assertThat(ended.printed(StreamName.STDOUT)).isEqualTo("a line\nFirst? ");
  }

  @Test
  void scannersReadLineByLineAndLeaveNothingOver() throws Exception {
    String code =
        """
        val scanner = new java.util.Scanner(System.in)
        val total = scanner.nextInt() + scanner.nextInt() + scanner.nextInt()
        val readBytes = (System.in.read(), System.in.available())
        scanner.close()
        (total, readBytes)""";
    assertThat(desk.converse(code, "1 2", "3", "x").value()).isEqualTo("(6,(120,1))");
    // What the one before has left of its line is gone.
    assertThat(desk.converse(code, "1 2", "4", "y").value()).isEqualTo("(7,(121,1))");
  }

  @Test
  void endOfInputIsToldAndNotForEver() throws Exception {
    assertThat(desk.converse("scala.io.StdIn.readLine()", "\u0004").value()).isEqualTo("null");
    assertThat(desk.converse("scala.io.StdIn.readLine()", "again").value()).isEqualTo("again");
    assertThat(desk.converse("kernel.input(\"\")", "\u0004").error().message())
        .contains("ended the input");
  }

  @Test
  void clientsThatCannotBeAskedAreNotAsked() throws Exception {
    for (String code :
        List.of(
            "kernel.input(\"Name? \")",
            "scala.io.StdIn.readLine()",
            "new java.util.Scanner(System.in).nextLine()",
            "System.in.read()")) {
      StatementDesk.Ended ended = desk.run(code);
      assertThat(ended.error().origin()).as(code).isEqualTo(Origin.USER_CODE);
      assertThat(ended.error().message()).as(code).contains("cannot be asked for input");
      assertThat(ended.all()).noneMatch(InputRequested.class::isInstance);
    }
  }

  @Test
  void cancellingBreaksTheWaitAndInterruptsTheStatement() throws Exception {
    for (String code : List.of("kernel.input(\"?\")", "scala.io.StdIn.readLine()")) {
      int id = desk.submit(code + "\nprintln(\"never\")", StatementDesk.MAY_ASK);
      desk.nextOf(InputRequested.class);
      desk.cancel(id);
      StatementDesk.Ended ended = desk.await(id);
      assertThat(ended.error().origin()).isEqualTo(Origin.INTERRUPT);
      assertThat(ended.outputs()).isEmpty();
    }
    assertThat(desk.run("1 + 1").value()).isEqualTo("2");
  }

  @Test
  void threadsAskWhileTheirStatementRuns() throws Exception {
    StatementDesk.Ended ended =
        desk.converse(
            """
            val asked = new java.util.concurrent.CompletableFuture[String]
            val asks = new Thread(() => { asked.complete(kernel.input("from a thread")); () })
            asks.start()
            asked.get()""",
            "yes");
    assertThat(ended.value()).isEqualTo("yes");
  }

  @Test
  void childProcessesDoNotWaitForInput() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            val cat = scala.sys.process.Process("cat")
            cat.#<(new java.io.ByteArrayInputStream("fed".getBytes)).! + cat.!<""");
    assertThat(ended.error()).isNull();
    assertThat(ended.value()).isEqualTo("0");
    assertThat(ended.printed(StreamName.STDOUT)).contains("fed");
  }

  @Test
  void commsOfFrontEndsAreAnsweredInOrder() throws Exception {
    StatementDesk.Ended ended =
        desk.run(
            """
            kernel.comms.registerTarget("echo", (comm, opening) => {
              comm.send(Map("hello" -> opening.data.get("name")))
              comm.onMessage { message =>
                println("got " + message.json)
                comm.send(message.json, message.buffers.get(0))
              }
              comm.onClose(message => println("closed " + message.data))
            })""");
    assertThat(ended.error()).isNull();
    desk.handle(7, message(Step.OPEN, "c1", "echo", "{\"name\":\"Ada\"}"));
    desk.handle(8, message(Step.MESSAGE, "c1", "", "{\"n\":1}", new byte[] {9}));
    desk.handle(9, message(Step.CLOSE, "c1", "", "{}"));
    CommSent hello = desk.nextOf(CommSent.class);
    assertThat(hello.requestId()).isEqualTo(7);
    assertThat(hello.message().data()).isEqualTo("{\"hello\":\"Ada\"}");
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(7));
    assertThat(desk.nextOf(StatementPutOut.class))
        .isEqualTo(
            new StatementPutOut(ended.id(), new StreamText(StreamName.STDOUT, "got {\"n\":1}\n")));
    CommSent echo = desk.nextOf(CommSent.class);
    assertThat(echo.requestId()).isEqualTo(8);
    assertThat(echo.message().step()).isEqualTo(Step.MESSAGE);
    assertThat(echo.message().commId()).isEqualTo("c1");
    assertThat(echo.message().buffers()).containsExactly(new byte[] {9});
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(8));
    assertThat(desk.nextOf(StatementPutOut.class).output())
        .isEqualTo(new StreamText(StreamName.STDOUT, "closed {}\n"));
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(9));
  }

  @Test
  void commsOfTheCodeAreOpenedUsedAndClosed() throws Exception {
    int opener =
        desk.submit(
            """
            val comm = kernel.comms.open("there", Map("a" -> 1), "{\\"version\\":\\"2\\"}")
            comm.onMessage(message => kernel.text("it says " + message.data.get("b")))""");
    CommSent opened = desk.nextOf(CommSent.class);
    assertThat(opened.requestId()).isNegative();
    String id = opened.message().commId();
    assertThat(opened.message())
        .usingRecursiveComparison()
        .isEqualTo(
            new CommMessage(Step.OPEN, id, "there", "{\"a\":1}", "{\"version\":\"2\"}", List.of()));
    assertThat(desk.await(opener).error()).isNull();

    desk.handle(10, message(Step.MESSAGE, id, "", "{\"b\":[1,\"x\"]}"));
    StatementPutOut said = nextDisplay();
    assertThat(said.statementId()).isEqualTo(opener);
    assertThat(((Display) said.output()).bundle()).isEqualTo(MimeBundle.text("it says [1, x]"));
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(10));

    desk.submit("comm.send(\"{}\"); comm.close(); comm.send(\"{}\"); comm.close()");
    assertThat(desk.nextOf(CommSent.class).message().step()).isEqualTo(Step.MESSAGE);
    assertThat(desk.nextOf(CommSent.class).message().step()).isEqualTo(Step.CLOSE);
    // What is closed says nothing more.
    DriverEvent next = desk.nextOf(DriverEvent.class);
    while (!(next instanceof StatementSucceeded)) {
      assertThat(next).isNotInstanceOf(CommSent.class);
      next = desk.nextOf(DriverEvent.class);
    }
  }

  @Test
  void unknownTargetsAndThoseThatFailAreClosed() throws Exception {
    desk.handle(20, message(Step.OPEN, "c2", "nobody", "{}"));
    CommSent closed = desk.nextOf(CommSent.class);
    assertThat(closed).extracting(CommSent::requestId).isEqualTo(20);
    assertThat(closed.message().step()).isEqualTo(Step.CLOSE);
    assertThat(closed.message().commId()).isEqualTo("c2");
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(20));

    desk.run("kernel.comms.registerTarget(\"bad\", (comm, opening) => sys.error(\"no, thanks\"))");
    desk.handle(21, message(Step.OPEN, "c3", "bad", "{}"));
    StatementOutput printed = desk.nextOf(StatementPutOut.class).output();
    assertThat(((StreamText) printed).text()).contains("no, thanks");
    assertThat(desk.nextOf(CommSent.class).message().step()).isEqualTo(Step.CLOSE);
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(21));

    desk.handle(22, message(Step.MESSAGE, "c3", "", "{}"));
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(22));
  }

  @Test
  void handlersRunBesideStatementsAndAreInterruptedWithThem() throws Exception {
    desk.run(
        """
        val forever = new java.util.concurrent.CountDownLatch(1)
        kernel.comms.registerTarget("waits", (comm, opening) => {
          comm.send("{}")
          forever.await()
        })""");
    int id = desk.submit("kernel.text(\"runs\"); forever.await()");
    nextDisplay();
    desk.handle(30, message(Step.OPEN, "c4", "waits", "{}"));
    desk.nextOf(CommSent.class);
    desk.cancel(id);
    // Either may end first.
    List<DriverEvent> ends = List.of(nextEnd(), nextEnd());
    assertThat(ends).contains(new CommHandled(30));
    assertThat(ends).filteredOn(StatementFailed.class::isInstance).hasSize(1);
  }

  private static DriverEvent nextEnd() throws InterruptedException {
    DriverEvent event = desk.nextOf(DriverEvent.class);
    while (!(event instanceof CommHandled || event instanceof StatementFailed)) {
      event = desk.nextOf(DriverEvent.class);
    }
    return event;
  }

  private static StatementPutOut nextDisplay() throws InterruptedException {
    StatementPutOut put = desk.nextOf(StatementPutOut.class);
    while (!(put.output() instanceof Display)) {
      put = desk.nextOf(StatementPutOut.class);
    }
    return put;
  }

  private static CommMessage message(
      Step step, String id, String target, String data, byte[]... buffers) {
    return new CommMessage(step, id, target, data, "{}", List.of(buffers));
  }

  private static MimeBundle bundle(String mimeType, String data) {
    return new MimeBundle(List.of()).with(mimeType, data);
  }

  private static <T> List<T> all(StatementDesk.Ended ended, Class<T> type) {
    return ended.outputs().stream().filter(type::isInstance).map(type::cast).toList();
  }
}
