package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.StatementFailed;
import io.polybius.driver.protocol.DriverEvent.StatementPutOut;
import io.polybius.driver.protocol.DriverEvent.StatementSucceeded;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StatementOutput.Display;
import io.polybius.driver.protocol.StatementOutput.Echo;
import io.polybius.driver.protocol.StatementOutput.StreamText;
import io.polybius.driver.protocol.StatementOutput.Value;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.testing.ScriptedDriver;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** How what a driver says of a statement becomes Livy's {@code output}. */
@Timeout(20)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OutputJsonTest {

  private static final MimeBundle TABLE =
      MimeBundle.text("a table")
          .with(MimeBundle.HTML, "<table/>")
          .with(MimeBundle.JSON, "[[1]]")
          .with(MimeBundle.LIVY_TABLE, "{\"headers\":[],\"data\":[]}");

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.ready(Script.COLLECT));
  private ScriptedDriver driver;

  @BeforeAll
  void openSession() throws Exception {
    server.openIdleSession();
    driver = server.launcher().nextDriver();
  }

  @AfterAll
  void stop() {
    driver.exit("exit code 0");
    server.close();
  }

  private String outputOf(StatementOutput... outputs) throws Exception {
    int id = begin(outputs);
    driver.say(new StatementSucceeded(id));
    return end(id);
  }

  private String outputOf(StatementError error, StatementOutput... before) throws Exception {
    int id = begin(before);
    driver.say(new StatementFailed(id, error));
    return end(id);
  }

  private int begin(StatementOutput... outputs) throws Exception {
    return begin("spark", outputs);
  }

  private int begin(String kind, StatementOutput... outputs) throws Exception {
    server.post("/sessions/0/statements", "{\"code\":\"x\",\"kind\":\"" + kind + "\"}");
    int id = driver.nextCommand(DriverCommand.Execute.class).statementId();
    for (StatementOutput output : outputs) {
      driver.say(new StatementPutOut(id, output));
    }
    return id;
  }

  /** Returns the output with 0 in place of the statement's id. */
  private String end(int id) {
    JsonNode output = json(server.awaitEnd("/sessions/0/statements/" + id)).get("output");
    return output.toString().replace("\"execution_count\":" + id, "\"execution_count\":0");
  }

  private static String ok(String data) {
    return "{\"status\":\"ok\",\"execution_count\":0,\"data\":{" + data + "}}";
  }

  private static String failed(String name, String message, String traceback) {
    return "{\"status\":\"error\",\"execution_count\":0,\"ename\":\""
        + name
        + "\",\"evalue\":\""
        + message
        + "\",\"traceback\":"
        + traceback
        + "}";
  }

  private static StreamText out(String text) {
    return new StreamText(StreamName.STDOUT, text);
  }

  private static Display shown(String type, String data) {
    return new Display(new MimeBundle(List.of()).with(type, data));
  }

  @Test
  void nothingIsAnEmptyText() throws Exception {
    assertThat(outputOf()).isEqualTo(ok("\"text/plain\":\"\""));
  }

  @Test
  void printedTextAndEchoAreJoinedInOrder() throws Exception {
    assertThat(
            outputOf(
                new Echo("x: Int = 1\n"),
                out("a\n"),
                new StreamText(StreamName.STDERR, "not shown\n"),
                out("b\n"),
                new Echo("res0: Int = 2\n"),
                new Value(MimeBundle.text("2"))))
        .isEqualTo(ok("\"text/plain\":\"x: Int = 1\\na\\nb\\nres0: Int = 2\\n\""));
  }

  @Test
  void displayReplacesTextBeforeIt() throws Exception {
    assertThat(outputOf(out("loading\n"), shown(MimeBundle.JSON, "{\"a\":[1,2.50,null]}")))
        .isEqualTo(ok("\"application/json\":{\"a\":[1,2.5,null]}"));
  }

  @Test
  void textAfterADisplayStartsAnew() throws Exception {
    assertThat(outputOf(out("a"), shown(MimeBundle.JSON, "1"), out("b"), new Echo("c\n")))
        .isEqualTo(ok("\"text/plain\":\"bc\\n\""));
  }

  @Test
  void lastDisplayWins() throws Exception {
    assertThat(outputOf(shown(MimeBundle.JSON, "1"), new Display(TABLE)))
        .isEqualTo(ok("\"application/vnd.livy.table.v1+json\":{\"headers\":[],\"data\":[]}"));
  }

  @Test
  void errorTextAndEmptyOutputsDoNotHideADisplay() throws Exception {
    assertThat(
            outputOf(
                shown(MimeBundle.JSON, "\"x\""),
                new StreamText(StreamName.STDERR, "warning\n"),
                new Echo(""),
                new Display(new MimeBundle(List.of())),
                new Value(MimeBundle.text("7"))))
        .isEqualTo(ok("\"application/json\":\"x\""));
  }

  @Test
  void formsOfADisplayByPreference() throws Exception {
    MimeBundle text = MimeBundle.text("t").with(MimeBundle.HTML, "<b>t</b>");
    assertThat(outputOf(new Display(text))).isEqualTo(ok("\"text/plain\":\"t\""));
    assertThat(outputOf(new Display(text.with("image/png", "aGk="))))
        .isEqualTo(ok("\"image/png\":\"aGk=\""));
    assertThat(outputOf(new Display(text.with("image/png", "aGk=").with(MimeBundle.JSON, "1"))))
        .isEqualTo(ok("\"application/json\":1"));
    MimeBundle plot = MimeBundle.text("t").with(MimeBundle.VEGA_LITE, "{}");
    assertThat(outputOf(new Display(plot.with(MimeBundle.PNG, "aGk="))))
        .isEqualTo(ok("\"image/png\":\"aGk=\""));
    assertThat(outputOf(shown(MimeBundle.HTML, "<b>t</b>")))
        .isEqualTo(ok("\"text/html\":\"<b>t</b>\""));
    assertThat(outputOf(shown("image/svg+xml", "<svg/>")))
        .isEqualTo(ok("\"image/svg+xml\":\"<svg/>\""));
    assertThat(outputOf(shown("application/vnd.vega+json", "{}")))
        .isEqualTo(ok("\"application/vnd.vega+json\":{}"));
  }

  @Test
  void jsonIsPassedOnToTheLetter() throws Exception {
    server.post("/sessions/0/statements", "{\"code\":\"x\"}");
    int id = driver.nextCommand(DriverCommand.Execute.class).statementId();
    driver.say(
        new StatementPutOut(id, shown(MimeBundle.JSON, "{\"n\":12345678901234567890.10,\"n\":1}")));
    driver.say(new StatementSucceeded(id));

    assertThat(server.awaitEnd("/sessions/0/statements/" + id))
        .contains("\"data\":{\"application/json\":{\"n\":12345678901234567890.10,\"n\":1}}}");
  }

  @Test
  void jsonThatIsNoneIsSentAsAText() throws Exception {
    assertThat(outputOf(shown(MimeBundle.JSON, "{\"a\":")))
        .isEqualTo(ok("\"application/json\":\"{\\\"a\\\":\""));
    assertThat(outputOf(shown(MimeBundle.JSON, "1},\"x\":{")))
        .isEqualTo(ok("\"application/json\":\"1},\\\"x\\\":{\""));
    assertThat(outputOf(shown(MimeBundle.JSON, ""))).isEqualTo(ok("\"application/json\":\"\""));
  }

  @Test
  void halfASurrogatePairDoesNotMakeTheAnswerFail() throws Exception {
    assertThat(outputOf(out("\ud83d"), out("\ude00 \ud83d!")))
        .isEqualTo(ok("\"text/plain\":\"\ud83d\ude00 ?!\""));
  }

  @Test
  void compilerErrorIsSplitAfterItsFirstLine() throws Exception {
    assertThat(
            outputOf(
                new StatementError(
                    Origin.COMPILER,
                    "CompileError",
                    "<console>:24: error: not found: value x\n       x\n       ^\n",
                    List.of())))
        .isEqualTo(
            failed(
                "Error",
                "<console>:24: error: not found: value x",
                "[\"       x\\n\",\"       ^\\n\"]"));
  }

  @Test
  void exceptionIsNamedInTheFirstLine() throws Exception {
    assertThat(
            outputOf(
                new StatementError(
                    Origin.USER_CODE,
                    "java.lang.RuntimeException",
                    "boom\nand more",
                    List.of("  ... 10 elided", "Caused by: x"))))
        .isEqualTo(
            failed(
                "Error",
                "java.lang.RuntimeException: boom",
                "[\"and more\\n\",\"  ... 10 elided\\n\",\"Caused by: x\\n\"]"));
    assertThat(
            outputOf(
                new StatementError(
                    Origin.USER_CODE, "java.lang.NullPointerException", "", List.of())))
        .isEqualTo(failed("Error", "java.lang.NullPointerException", "[]"));
    assertThat(outputOf(new StatementError(Origin.USER_CODE, "", "", List.of())))
        .isEqualTo(failed("Error", "", "[]"));
  }

  @Test
  void incompleteStatement() throws Exception {
    assertThat(
            outputOf(
                new StatementError(
                    Origin.INCOMPLETE, "Incomplete", "more is needed", List.of("x"))))
        .isEqualTo(failed("Error", "incomplete statement", "[]"));
  }

  @Test
  void magicNamesItsError() throws Exception {
    assertThat(
            outputOf(
                new StatementError(
                    Origin.MAGIC, "UnknownMagic", "Unknown magic command foo", List.of("x"))))
        .isEqualTo(failed("UnknownMagic", "Unknown magic command foo", "[]"));
  }

  @Test
  void errorOfTheDriverKeepsItsLines() throws Exception {
    assertThat(
            outputOf(new StatementError(Origin.DRIVER, "OutOfMemory", "no\nmemory", List.of("x"))))
        .isEqualTo(failed("Error", "no\\nmemory", "[]"));
  }

  @Test
  void textOfRHasItsStandardErrorLastAndNoLineEnd() throws Exception {
    int id =
        begin("sparkr", out("[1] 1\n"), new StreamText(StreamName.STDERR, "odd\n"), out("[1] 2\n"));
    driver.say(new StatementSucceeded(id));

    assertThat(end(id)).isEqualTo(ok("\"text/plain\":\"[1] 1\\n[1] 2\\nodd\""));
  }

  @Test
  void errorOfRIsTheTextThatLivyHasItPrint() throws Exception {
    int id = begin("sparkr");
    driver.say(
        new StatementFailed(
            id,
            new StatementError(
                Origin.USER_CODE,
                "Error in f(\"a\")",
                "no\n\"luck\"",
                List.of(),
                List.of("Traceback:", "1. f(\"a\")"))));
    assertThat(end(id))
        .isEqualTo(
            failed(
                "Error",
                "[1] \\\"Error in f(\\\\\\\"a\\\\\\\"): no\\\\n\\\\\\\"luck\\\\\\\"\\\"",
                "[]"));

    id = begin("sparkr");
    driver.say(
        new StatementFailed(
            id, new StatementError(Origin.USER_CODE, "Error", "object 'x' not found", List.of())));
    assertThat(end(id))
        .isEqualTo(
            failed(
                "Error",
                "[1] \\\"Error in eval(expr, envir, enclos): object 'x' not found\\\"",
                "[]"));
  }

  @Test
  void whatWasPutOutBeforeAnErrorIsSentAlong() throws Exception {
    StatementError error = new StatementError(Origin.USER_CODE, "E", "boom", List.of());

    assertThat(outputOf(error, out("half\n"), new Echo("x: Int = 1\n")))
        .isEqualTo(
            "{\"status\":\"error\",\"execution_count\":0,\"ename\":\"Error\",\"evalue\":\"E: boom\","
                + "\"traceback\":[],\"data\":{\"text/plain\":\"half\\nx: Int = 1\\n\"}}");
    assertThat(outputOf()).isEqualTo(ok("\"text/plain\":\"\""));
  }

  @Test
  void statementThatEndsWellThoughCancelledHasItsOutput() throws Exception {
    int id = begin(out("done\n"));
    server.post("/sessions/0/statements/" + id + "/cancel", "{}");
    assertThat(driver.nextCommand(DriverCommand.Cancel.class).statementId()).isEqualTo(id);
    assertThat(server.get("/sessions/0/statements/" + id).body())
        .contains("\"state\":\"cancelling\",\"output\":null");
    driver.say(new DriverEvent.StatementSucceeded(id));

    assertThat(end(id)).isEqualTo(ok("\"text/plain\":\"done\\n\""));
    assertThat(server.get("/sessions/0/statements/" + id).body())
        .contains("\"state\":\"cancelled\"");
  }
}
