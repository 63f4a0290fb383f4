package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.protocol.DriverCommand.SendMoreResult;
import io.polybius.driver.protocol.DriverCommand.SendResult;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.ResultEnded;
import io.polybius.driver.protocol.DriverEvent.ResultFailed;
import io.polybius.driver.protocol.DriverEvent.ResultPart;
import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.ResultFailure;
import io.polybius.driver.protocol.ResultFormat;
import io.polybius.driver.protocol.ResultSource;
import io.polybius.magic.PlainValue;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Whole tables of statements, from a real Spark. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResultDownloadsTest {

  private static final int ALL_AT_ONCE = 1_000_000;

  private static final String ALL_TYPES =
      """
      spark.sql(\"""select * from values
        (true, 1Y, 2L, 1.5D, 2.50BD, 'a,"b', date'2024-02-29', timestamp'2024-02-29 12:00:00Z',
         X'00FF', array(1, null), map('k', 1), named_struct('x', 1), interval '1' month),
        (null, null, null, double('NaN'), null, '', null, null, null, null, null, null, null)
        as t(bool, tiny, big, double, dec, text, day, time, bytes, list, map, struct, months)\""")
      """;

  private StatementDesk desk;

  @BeforeAll
  void start() throws Exception {
    desk = StatementDesk.shared();
  }

  private int run(String code) throws InterruptedException {
    StatementDesk.Ended ended = desk.run(code);
    assertThat(ended.error()).isNull();
    return ended.id();
  }

  /** Waits for the end of a download, and returns its pieces. */
  private byte[] whole(int download) throws InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (true) {
      DriverEvent.OfResult event = desk.nextOf(DriverEvent.OfResult.class);
      if (event.downloadId() != download) {
        continue;
      }
      if (event instanceof ResultPart part) {
        assertThat(part.bytes()).hasSizeLessThanOrEqualTo(ResultPart.MAX_BYTES);
        bytes.writeBytes(part.bytes());
      } else if (event instanceof ResultFailed failed) {
        throw new AssertionError(failed.toString());
      } else {
        return bytes.toByteArray();
      }
    }
  }

  private String text(int statement, ResultFormat format) throws InterruptedException {
    return new String(whole(desk.download(statement, format, ALL_AT_ONCE)), StandardCharsets.UTF_8);
  }

  private ResultFailed failure(int statement, ResultFormat format) throws InterruptedException {
    int download = desk.download(statement, format, ALL_AT_ONCE);
    while (true) {
      DriverEvent.OfResult event = desk.nextOf(DriverEvent.OfResult.class);
      assertThat(event).isNotInstanceOf(ResultEnded.class);
      if (event.downloadId() == download && event instanceof ResultFailed failed) {
        return failed;
      }
    }
  }

  private List<List<String>> arrow(int statement) throws Exception {
    byte[] bytes = whole(desk.download(statement, ResultFormat.ARROW, ALL_AT_ONCE));
    List<List<String>> rows = new ArrayList<>();
    try (RootAllocator allocator = new RootAllocator();
        ArrowStreamReader reader =
            new ArrowStreamReader(new ByteArrayInputStream(bytes), allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      rows.add(root.getSchema().getFields().stream().map(field -> field.toString()).toList());
      while (reader.loadNextBatch()) {
        for (int i = 0; i < root.getRowCount(); i++) {
          List<String> row = new ArrayList<>();
          for (FieldVector vector : root.getFieldVectors()) {
            Object cell = vector.getObject(i);
            row.add(String.valueOf(cell instanceof byte[] array ? List.of(array.length) : cell));
          }
          rows.add(row);
        }
      }
    }
    return rows;
  }

  @Test
  void csvHasAllTypesOfSpark() throws Exception {
    assertThat(text(run(ALL_TYPES), ResultFormat.CSV))
        .isEqualTo(
            "bool,tiny,big,double,dec,text,day,time,bytes,list,map,struct,months\r\n"
                + "true,1,2,1.5,2.50,\"a,\"\"b\",2024-02-29,2024-02-29T12:00:00Z,AP8=,\"[1,null]\","
                + "\"{\"\"k\"\":1}\",\"{\"\"x\"\":1}\",P1M\r\n"
                + ",,,NaN,,\"\",,,,,,,\r\n");
  }

  @Test
  void jsonHasTheRowsAsTheMagicHasThem() throws Exception {
    assertThat(text(run(ALL_TYPES), ResultFormat.JSON))
        .isEqualTo(
            "[{\"bool\":true,\"tiny\":1,\"big\":2,\"double\":1.5,\"dec\":2.50,\"text\":\"a,\\\"b\","
                + "\"day\":\"2024-02-29\",\"time\":\"2024-02-29T12:00:00Z\",\"bytes\":\"AP8=\","
                + "\"list\":[1,null],\"map\":{\"k\":1},\"struct\":{\"x\":1},\"months\":\"P1M\"},\n"
                + "{\"bool\":null,\"tiny\":null,\"big\":null,\"double\":\"NaN\",\"dec\":null,"
                + "\"text\":\"\",\"day\":null,\"time\":null,\"bytes\":null,\"list\":null,"
                + "\"map\":null,\"struct\":null,\"months\":null}]\n");
  }

  @Test
  void arrowHasAllTypesOfSpark() throws Exception {
    List<List<String>> rows = arrow(run(ALL_TYPES));

    assertThat(rows).hasSize(3);
    assertThat(rows.get(0))
        .startsWith("bool: Bool", "tiny: Int(8, true)", "big: Int(64, true)")
        .contains("day: Date(DAY)", "dec: Decimal(3, 2, 128)", "months: Interval(YEAR_MONTH)");
    assertThat(rows.get(0).get(7).toUpperCase(Locale.ROOT))
        .isEqualTo("TIME: TIMESTAMP(MICROSECOND, UTC)");
    assertThat(rows.get(1))
        .startsWith("true", "1", "2", "1.5", "2.50", "a,\"b", "19782")
        .contains("[2]", "[1,null]", "{\"x\":1}");
    assertThat(rows.get(2)).startsWith("null", "null", "null", "NaN", "null", "", "null");
  }

  @Test
  void arrowHasManyRowsInTheirOrder() throws Exception {
    List<List<String>> rows = arrow(run("spark.range(0, 30000, 1, 7)"));

    assertThat(rows).hasSize(30_001);
    assertThat(rows.get(1)).containsExactly("0");
    assertThat(rows.get(30_000)).containsExactly("29999");
  }

  @Test
  void valueThatIsADatasetIsTheTableForEveryClient() throws Exception {
    int plain = run("Seq((1, \"x\")).toDF(\"n\", \"s\")");
    int rich =
        desk.await(desk.submit("spark.range(2)", new ExecuteOptions(true, false, List.of()))).id();

    assertThat(text(plain, ResultFormat.CSV)).isEqualTo("n,s\r\n1,x\r\n");
    assertThat(text(rich, ResultFormat.CSV)).isEqualTo("id\r\n0\r\n1\r\n");
  }

  @Test
  void magicThatShowsADataFrameHasAllOfItsRows() throws Exception {
    run("val many = spark.range(3000).toDF(\"n\")");
    int table = run("%table many");

    assertThat(text(table, ResultFormat.CSV).lines()).hasSize(3001);
  }

  @Test
  void magicThatShowsACollectionHasItsRows() throws Exception {
    run("val list = Seq(Map(\"a\" -> 1), Map(\"a\" -> 2))");
    int table = run("%table list");

    assertThat(text(table, ResultFormat.CSV)).isEqualTo("a\r\n1\r\n2\r\n");
    assertThat(text(table, ResultFormat.JSON)).isEqualTo("[{\"a\":1},\n{\"a\":2}]\n");
    assertThat(arrow(table))
        .containsExactly(List.of("a: Int(64, true)"), List.of("1"), List.of("2"));
  }

  @Test
  void partOfAnRddIsNotGivenForTheWhole() throws Exception {
    run("val rdd = sc.parallelize(1 to 3000)");
    ResultFailed failed = failure(run("%json rdd"), ResultFormat.CSV);

    assertThat(failed.failure()).isEqualTo(ResultFailure.NO_RESULT);
    assertThat(failed.message()).startsWith("Only the first 1000 rows are here");
    assertThat(text(run("%json rdd 3000"), ResultFormat.CSV).lines()).hasSize(3001);
  }

  @Test
  void statementThatHasShownNoTableSaysSo() throws Exception {
    int statement = run("1 + 1");
    ResultFailed failed = failure(statement, ResultFormat.CSV);

    assertThat(failed.failure()).isEqualTo(ResultFailure.NO_RESULT);
    assertThat(failed.message()).isEqualTo("Statement " + statement + " has shown no table.");
  }

  @Test
  void magicThatFailsHasShownNoTable() throws Exception {
    run("val texts = Seq(\"x\").toDF(\"text\")");
    StatementDesk.Ended ended = desk.run("%plot texts scatter");
    assertThat(ended.error()).isNotNull();
    assertThat(failure(ended.id(), ResultFormat.CSV).failure()).isEqualTo(ResultFailure.NO_RESULT);

    StatementDesk.Ended half = desk.run("%table texts\n%plot texts scatter");
    assertThat(half.error()).isNotNull();
    assertThat(text(half.id(), ResultFormat.CSV)).isEqualTo("text\r\nx\r\n");
  }

  @Test
  void usersCodeThatFailsHalfWayFailsTheDownload() throws Exception {
    int statement =
        run("spark.range(0, 200000, 1, 4).map(n => if (n == 150000) sys.error(\"boom\") else n)");
    ResultFailed failed = failure(statement, ResultFormat.CSV);

    assertThat(failed.failure()).isEqualTo(ResultFailure.FAILED);
    assertThat(failed.message()).contains("boom");
  }

  @Test
  void driverSendsNoMoreThanItWasAskedFor() throws Exception {
    int statement = run("spark.range(0, 500000, 1, 2)");
    int download = desk.download(statement, ResultFormat.CSV, 2);
    int size = 0;
    for (int i = 0; i < 2; i++) {
      size += desk.nextOf(ResultPart.class).bytes().length;
    }
    assertThat(size).isEqualTo(2 * ResultPart.MAX_BYTES);
    // Statements go on meanwhile, and come without any piece in between.
    assertThat(desk.run("6 * 7").value()).isEqualTo("42");
    assertThat(desk.resultEvents()).isEmpty();

    desk.sendMore(download, ALL_AT_ONCE);
    assertThat(new String(whole(download), StandardCharsets.US_ASCII)).endsWith("\r\n499999\r\n");
  }

  @Test
  void stoppedDownloadEndsWithItsJobs() throws Exception {
    run("val slow = spark.range(2).map { n => Thread.sleep(3600000); n }");
    int statement = run("slow");
    int download = desk.download(statement, ResultFormat.CSV, ALL_AT_ONCE);
    desk.run(
        """
        while (sc.statusTracker.getJobIdsForGroup("polybius-result-%d").isEmpty) Thread.sleep(10)
        """
            .formatted(download));
    desk.stop(download);

    StatementDesk.Ended ended =
        desk.run("while (sc.statusTracker.getActiveJobIds.nonEmpty) Thread.sleep(10)");
    assertThat(ended.error()).isNull();
    assertThat(text(run("spark.range(1)"), ResultFormat.CSV)).isEqualTo("id\r\n0\r\n");
  }

  @Test
  void commandsAreTakenWhileAPieceIsSent() throws Exception {
    ShownTables tables = new ShownTables();
    tables.add(
        0,
        new ShownTables.InMemory(
            new PlainValue.Sequence(Collections.nCopies(1000, PlainValue.of("x".repeat(1000))))));
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    AtomicReference<ResultDownloads> downloads = new AtomicReference<>();
    CompletableFuture<DriverEvent> ended = new CompletableFuture<>();
    Consumer<DriverEvent> link =
        event -> {
          // As the link does, which passes one message on at a time, in either direction.
          CompletableFuture.runAsync(() -> downloads.get().more(new SendMoreResult(7, 1)))
              .orTimeout(20, TimeUnit.SECONDS)
              .join();
          if (!(event instanceof ResultPart)) {
            ended.complete(event);
          }
        };
    downloads.set(
        new ResultDownloads(
            tables,
            new SharedValues(),
            SparkContext.getOrCreate(),
            link,
            timer,
            getClass().getClassLoader()));
    downloads.get().start(new SendResult(7, new ResultSource.OfStatement(0), ResultFormat.CSV, 1));

    assertThat(ended.get(60, TimeUnit.SECONDS)).isInstanceOf(ResultEnded.class);
    downloads.get().close();
    timer.shutdownNow();
  }

  @Test
  void onlySoManyAreSentAtATime() throws Exception {
    int statement = run("spark.range(0, 500000, 1, 2)");
    List<Integer> downloads = new ArrayList<>();
    for (int i = 0; i < ResultDownloads.MOST; i++) {
      downloads.add(desk.download(statement, ResultFormat.CSV, 0));
    }

    assertThat(failure(statement, ResultFormat.CSV).failure()).isEqualTo(ResultFailure.BUSY);
    downloads.forEach(desk::stop);
    org.awaitility.Awaitility.await()
        .until(
            () -> {
              int again = desk.download(statement, ResultFormat.CSV, 0);
              desk.stop(again);
              return desk.resultEvents().isEmpty();
            });
  }

  @Test
  void typeThatArrowLacksIsSaidBeforeAnythingIsSent() {
    assertThatThrownBy(
            () ->
                ArrowTable.check(
                    new org.apache.spark.sql.types.StructType()
                        .add("x", new org.apache.spark.sql.types.CharType(3))))
        .isInstanceOf(io.polybius.magic.MagicException.class)
        .hasMessageStartingWith(
            "This table cannot be had in Arrow's format, only as csv or json: ");
  }
}
