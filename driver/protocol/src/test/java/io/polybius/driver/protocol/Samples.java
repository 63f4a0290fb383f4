package io.polybius.driver.protocol;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One object of every class that crosses the link, and of every shape that is encoded differently.
 */
final class Samples {

  private Samples() {}

  /** Returns frames, commands, events and what is in them, in the order of their numbers. */
  static List<Object> all() {
    MimeBundle two = MimeBundle.text("2").with(MimeBundle.JSON, "2");
    MimeBundle four =
        two.with(MimeBundle.HTML, "<b>2</b>").with(MimeBundle.LIVY_TABLE, "{\"data\":[[2]]}");
    CommMessage comm =
        new CommMessage(
            CommMessage.Step.OPEN,
            "c-1",
            "my.target",
            "{\"x\":1}",
            "{}",
            List.of(new byte[] {1, -1}));
    List<Object> samples =
        new ArrayList<>(
            List.of(
                List.of(),
                List.of("one"),
                List.of("one", "two"),
                List.of("a", "b", "c"),
                new byte[] {0, -1, 127},
                new LinkFrame.Hello("session-1", "s3cret", 0),
                new LinkFrame.Welcome("n3xt", 1L << 40),
                new LinkFrame.Payload(1, new byte[] {41, 1, 14}),
                new LinkFrame.Acknowledge(300),
                new LinkFrame.Heartbeat(),
                new LinkFrame.Goodbye("closed at the other end"),
                new DriverCommand.Execute(0, "spark", "val x = 1\nx + 1", ExecuteOptions.PLAIN),
                new DriverCommand.Execute(
                    -1,
                    "",
                    "caf\u00e9 \u6f22\u5b57 \ud83d\ude00 \ud800",
                    new ExecuteOptions(
                        true, true, List.of(new ExecuteOptions.Expression("n", "x * 2")))),
                new DriverCommand.Cancel(Integer.MAX_VALUE),
                new DriverCommand.CheckCompleteness(7, "pyspark", "def f():"),
                new DriverCommand.Shutdown(),
                new DriverCommand.StartSpark(List.of("spark.app.name", "a=b")),
                new DriverCommand.Complete(8, "spark", "spark.ra", 300),
                new DriverCommand.Inspect(9, "spark", "spark.range", 7, true),
                new DriverCommand.AnswerInput(3, "yes"),
                new DriverCommand.HandleComm(10, comm),
                new ExecuteOptions(false, true, List.of()),
                new ExecuteOptions.Expression("n", "1"),
                new DriverEvent.DriverReady("3.5.5", "2.12.18", "local-1", ""),
                new DriverEvent.DriverFailed("no memory"),
                new DriverEvent.StatementPutOut(
                    3, new StatementOutput.StreamText(StreamName.STDERR, "warning\n")),
                new DriverEvent.StatementProgressed(3, 1, 200, 0, 2),
                new DriverEvent.StatementSucceeded(3),
                new DriverEvent.StatementSucceeded(
                    4, List.of(new ExpressionResult.Evaluated("n", two))),
                new DriverEvent.StatementFailed(
                    3,
                    new StatementError(
                        StatementError.Origin.USER_CODE,
                        "java.lang.RuntimeException",
                        "boom",
                        List.of("  at .f(<console>:1)"),
                        List.of("----> 1 f(0)", "  at cell line 1"))),
                new DriverEvent.CompletenessChecked(7, Completeness.INCOMPLETE, "    "),
                new DriverEvent.Completed(
                    8,
                    List.of(
                        Candidate.of("read"),
                        new Candidate("range", "function", "(end: Long): Dataset[Long]")),
                    6,
                    8),
                new DriverEvent.Inspected(9, true, two),
                new DriverEvent.InputRequested(3, "Name: ", false),
                new DriverEvent.CommHandled(10),
                new DriverEvent.CommSent(-1, comm),
                Candidate.of("read"),
                new ExpressionResult.Evaluated("n", two),
                new ExpressionResult.NotEvaluated(
                    "n",
                    new StatementError(
                        StatementError.Origin.COMPILER, "CompileError", "no", List.of())),
                new StatementOutput.StreamText(StreamName.STDOUT, "x"),
                new StatementOutput.Echo("res0: Int = 2\n"),
                new StatementOutput.Value(two),
                new StatementOutput.Display(four),
                new StatementOutput.Display(two, "plot-1"),
                new StatementOutput.DisplayUpdate(two, "plot-1"),
                new StatementOutput.Clear(true),
                new StatementOutput.Page(two),
                new StatementOutput.NextInput("1 + 1", false),
                comm,
                new MimeBundle(List.of()),
                new MimeBundle.Entry(MimeBundle.TEXT, ""),
                new StatementError(StatementError.Origin.INCOMPLETE, "", "", List.of()),
                new DriverCommand.SendResult(
                    11, new ResultSource.OfStatement(3), ResultFormat.ARROW, 4),
                new DriverCommand.SendResult(
                    12, new ResultSource.OfShared("sales"), ResultFormat.JSON, 4),
                new DriverCommand.SendResult(
                    13, new ResultSource.SharedNames(), ResultFormat.CSV, 4),
                new ResultSource.OfStatement(3),
                new ResultSource.OfShared("sales"),
                new ResultSource.SharedNames(),
                new DriverCommand.SendMoreResult(11, 2),
                new DriverCommand.StopResult(11),
                new DriverEvent.ResultPart(11, new byte[] {'a', 13, 10}),
                new DriverEvent.ResultEnded(11),
                new DriverEvent.ResultFailed(11, ResultFailure.FAILED, "boom")));
    samples.addAll(Arrays.asList(StatementError.Origin.values()));
    samples.addAll(Arrays.asList(StreamName.values()));
    samples.addAll(Arrays.asList(Completeness.values()));
    samples.addAll(Arrays.asList(CommMessage.Step.values()));
    samples.addAll(Arrays.asList(ResultFormat.values()));
    samples.addAll(Arrays.asList(ResultFailure.values()));
    samples.addAll(
        List.of(
            new DriverCommand.RunJob(5, "spark", new byte[] {11, 0, -1}),
            new DriverCommand.CancelJob(5),
            new DriverCommand.AddResource(14, ResourceKind.JAR, "hdfs://nn/a.jar"),
            new DriverCommand.AddFilePart(15, "u-1", "a.jar", new byte[] {80, 75}),
            new DriverEvent.JobStarted(5),
            new DriverEvent.JobProgressed(5, 1, 200, 0, 2),
            new DriverEvent.JobSucceeded(5, true, new byte[] {1, 0}),
            new DriverEvent.JobSucceeded(6, false, new byte[0]),
            new DriverEvent.JobFailed(5, "java.lang.RuntimeException: boom"),
            new DriverEvent.JobCancelled(5),
            new DriverEvent.ResourceAdded(14, ""),
            new DriverEvent.FilePartTaken(15, "file:/a.jar", "")));
    samples.addAll(Arrays.asList(ResourceKind.values()));
    return samples;
  }
}
