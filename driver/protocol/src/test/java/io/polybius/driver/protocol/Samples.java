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
                new DriverCommand.Execute(0, "spark", "val x = 1\nx + 1"),
                new DriverCommand.Execute(-1, "", "caf\u00e9 \u6f22\u5b57 \ud83d\ude00 \ud800"),
                new DriverCommand.Cancel(Integer.MAX_VALUE),
                new DriverCommand.CheckCompleteness(7, "pyspark", "def f():"),
                new DriverCommand.Shutdown(),
                new DriverCommand.StartSpark(List.of("spark.app.name", "a=b")),
                new DriverCommand.Complete(8, "spark", "spark.ra", 300),
                new DriverEvent.DriverReady("3.5.5", "2.12.18", "local-1", ""),
                new DriverEvent.DriverFailed("no memory"),
                new DriverEvent.StatementPutOut(
                    3, new StatementOutput.StreamText(StreamName.STDERR, "warning\n")),
                new DriverEvent.StatementProgressed(3, 1, 200),
                new DriverEvent.StatementSucceeded(3),
                new DriverEvent.StatementFailed(
                    3,
                    new StatementError(
                        StatementError.Origin.USER_CODE,
                        "java.lang.RuntimeException",
                        "boom",
                        List.of("  at .f(<console>:1)"))),
                new DriverEvent.CompletenessChecked(7, Completeness.INCOMPLETE, "    "),
                new DriverEvent.Completed(8, List.of("range", "read"), 6, 8),
                new StatementOutput.StreamText(StreamName.STDOUT, "x"),
                new StatementOutput.Echo("res0: Int = 2\n"),
                new StatementOutput.Value(two),
                new StatementOutput.Display(four),
                new MimeBundle(List.of()),
                new MimeBundle.Entry(MimeBundle.TEXT, ""),
                new StatementError(StatementError.Origin.INCOMPLETE, "", "", List.of())));
    samples.addAll(Arrays.asList(StatementError.Origin.values()));
    samples.addAll(Arrays.asList(StreamName.values()));
    samples.addAll(Arrays.asList(Completeness.values()));
    return samples;
  }
}
