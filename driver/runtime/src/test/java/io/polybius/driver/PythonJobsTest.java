package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.JobCancelled;
import io.polybius.driver.protocol.DriverEvent.JobFailed;
import io.polybius.driver.protocol.DriverEvent.JobProgressed;
import io.polybius.driver.protocol.DriverEvent.JobStarted;
import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import io.polybius.driver.protocol.ResourceKind;
import io.polybius.driver.protocol.StreamName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Jobs of Python on a real Spark and a real Python, beside statements. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonJobsTest {

  // def job(context): return 1
  private static final String JOB_OF_PYTHON_3_9 =
      "gASVmAEAAAAAAACMF2Nsb3VkcGlja2xlLmNsb3VkcGlja2xllIwOX21ha2VfZnVuY3Rpb26Uk5QoaACM"
          + "DV9idWlsdGluX3R5cGWUk5SMCENvZGVUeXBllIWUUpQoSwFLAEsASwFLAUtDQwRkAVMAlE5LAYaUKYwH"
          + "Y29udGV4dJSFlIwOPGR5bmFtaWMtY29kZT6UjANqb2KUSwFDAJQpKXSUUpR9lCiMC19fcGFja2FnZV9f"
          + "lE6MCF9fbmFtZV9flIwIX19tYWluX1+UdU5OTnSUUpRoAIwSX2Z1bmN0aW9uX3NldHN0YXRllJOUaBZ9"
          + "lH2UKGgTjANqb2KUjAxfX3F1YWxuYW1lX1+UjANqb2KUjA9fX2Fubm90YXRpb25zX1+UfZSMDl9fa3dk"
          + "ZWZhdWx0c19flE6MDF9fZGVmYXVsdHNfX5ROjApfX21vZHVsZV9flGgUjAdfX2RvY19flE6MC19fY2xv"
          + "c3VyZV9flE6MF19jbG91ZHBpY2tsZV9zdWJtb2R1bGVzlF2UjAtfX2dsb2JhbHNfX5R9lHWGlIZSMC4=";

  private static final String JOB_OF_PYTHON_3_13 =
      "gASVpQEAAAAAAACMF2Nsb3VkcGlja2xlLmNsb3VkcGlja2xllIwOX21ha2VfZnVuY3Rpb26Uk5QoaACM"
          + "DV9idWlsdGluX3R5cGWUk5SMCENvZGVUeXBllIWUUpQoSwFLAEsASwFLAUsDQwSVAGcBlE5LAYaUKYwH"
          + "Y29udGV4dJSFlIwOPGR5bmFtaWMtY29kZT6UjANqb2KUjANqb2KUSwFDBIAAmBGUQwCUKSl0lFKUfZQo"
          + "jAtfX3BhY2thZ2VfX5ROjAhfX25hbWVfX5SMCF9fbWFpbl9flHVOTk50lFKUaACMEl9mdW5jdGlvbl9z"
          + "ZXRzdGF0ZZSTlGgYfZR9lChoFYwDam9ilIwMX19xdWFsbmFtZV9flIwDam9ilIwPX19hbm5vdGF0aW9u"
          + "c19flH2UjA5fX2t3ZGVmYXVsdHNfX5ROjAxfX2RlZmF1bHRzX1+UTowKX19tb2R1bGVfX5RoFowHX19k"
          + "b2NfX5ROjAtfX2Nsb3N1cmVfX5ROjBdfY2xvdWRwaWNrbGVfc3VibW9kdWxlc5RdlIwLX19nbG9iYWxz"
          + "X1+UfZR1hpSGUjAu";

  private PythonClient client;
  private StatementDesk desk;

  @BeforeAll
  void start() throws Exception {
    client = new PythonClient();
    desk = StatementDesk.shared();
  }

  @AfterAll
  void stop() throws Exception {
    if (client != null) {
      client.close();
    }
  }

  /** Sends the function {@code job} of a program. */
  private int submit(String source) throws IOException {
    return desk.submitJob("pyspark", client.job(source));
  }

  private DriverEvent end(int id) throws InterruptedException {
    List<DriverEvent> all = desk.awaitJob(id);
    return all.get(all.size() - 1);
  }

  private String result(String source) throws Exception {
    return result(end(submit(source)));
  }

  private String result(DriverEvent end) throws IOException {
    assertThat(end).isInstanceOf(JobSucceeded.class);
    assertThat(((JobSucceeded) end).hasResult()).isTrue();
    return client.result(((JobSucceeded) end).result());
  }

  private String error(String source) throws Exception {
    return error(client.job(source));
  }

  private String error(byte[] payload) throws InterruptedException {
    DriverEvent end = end(desk.submitJob("pyspark", payload));
    assertThat(end).isInstanceOf(JobFailed.class);
    assertThat(((JobFailed) end).error()).startsWith("Client job error:");
    return ((JobFailed) end).error();
  }

  private void awaitFirst(int id, Class<? extends DriverEvent> type) throws InterruptedException {
    while (!(desk.nextOfJobs() instanceof DriverEvent.OfJob event)
        || event.jobId() != id
        || !type.isInstance(event)) {
      // What came before.
      continue;
    }
  }

  // ---- results

  @Test
  void jobStartsAndHasAResult() throws Exception {
    int id = submit("def job(context): return context.sc.parallelize(range(10), 2).sum()");
    List<DriverEvent> all = desk.awaitJob(id);

    assertThat(all.get(0)).isEqualTo(new JobStarted(id));
    assertThat(result(all.get(all.size() - 1))).isEqualTo("45");
    assertThat(result("job = lambda context: None")).isEqualTo("None");
    assertThat(result("job = lambda context: ['é', {1: b'x'}]")).isEqualTo("['é', {1: b'x'}]");
  }

  @Test
  void contextHasWhatLivyHas() throws Exception {
    String seen =
        result(
            """
            def job(context):
                import os
                path = context.local_tmp_dir_path
                open(os.path.join(path, "x"), "w").close()
                try:
                    context.streaming_ctx
                except ValueError as e:
                    streaming = str(e)
                group = context.sc.getLocalProperty("spark.jobGroup.id")
                return [
                    context.spark.range(3).count(),
                    context.spark_session.sql("select 7").first()[0],
                    context.sql_ctx.sql("select 8").first()[0],
                    context.hive_ctx,
                    path == context.get_local_tmp_dir_path(),
                    os.stat(path).st_mode & 0o777 == 0o700,
                    group.startswith("polybius-job-"),
                    context.sc.getLocalProperty("spark.scheduler.pool"),
                    streaming,
                    context.get_shared_object("nothing"),
                    context.remove_shared_object("nothing"),
                ]
            """);
    assertThat(seen)
        .startsWith("[3, 7, 8, None, True, True, True, 'polybius-jobs-")
        .endsWith("'create_streaming_ctx function should be called first', None, None]");
  }

  @Test
  void streamingContextIsOneForAllJobsAndEndsWithoutSpark() throws Exception {
    result("job = lambda context: context.create_streaming_ctx(1)");
    assertThat(error("job = lambda context: context.create_streaming_ctx(1)"))
        .contains("ValueError: Streaming context already exists");
    assertThat(result("job = lambda context: type(context.streaming_ctx).__name__"))
        .isEqualTo("'StreamingContext'");
    result("job = lambda context: context.stop_streaming_ctx()");
    assertThat(error("job = lambda context: context.stop_streaming_ctx()"))
        .contains("ValueError: Cannot stop streaming context. Streaming context is None");
    assertThat(result("job = lambda context: context.stop()")).isEqualTo("None");
    assertThat(result("job = lambda context: context.sc.parallelize([1]).count()")).isEqualTo("1");
  }

  @Test
  void largeResultsAreRefusedAndOthersAreNot() throws Exception {
    assertThat(error("job = lambda context: b'x' * (26 << 20)"))
        .isEqualTo(
            "Client job error: The result, a value of the class bytes, takes more than 32 MiB as base"
                + " 64 of a pickle. Write it to a file, or share it (set_shared_object) and return its"
                + " name.");
    byte[] large = client.job("data = b'x' * (23 << 20)\njob = lambda context: data");
    DriverEvent end = end(desk.submitJob("pyspark", large));
    assertThat(result(end)).hasSize((23 << 20) + 3);
  }

  @Test
  void manyJobsLeaveNoThreads() throws Exception {
    byte[] job = client.job("job = lambda context: 1");
    end(desk.submitJob("pyspark", job));
    int threads = Thread.activeCount();
    for (int i = 0; i < 200; i++) {
      assertThat(end(desk.submitJob("pyspark", job))).isInstanceOf(JobSucceeded.class);
    }
    await().atMost(Duration.ofSeconds(10)).until(() -> Thread.activeCount() < threads + 20);
    assertThat(result("import threading\njob = lambda context: threading.active_count() < 12"))
        .isEqualTo("True");
  }

  // ---- failures

  @Test
  void whatAJobRaisesIsShownWithItsOwnFrames() throws Exception {
    assertThat(
            error(
                """
                def job(context):
                    raise KeyError("none")
                """))
        .isEqualTo(
            """
            Client job error:
            Traceback (most recent call last):
              File "<string>", line 2, in job
            KeyError: 'none'
            """);
    assertThat(error("import sys\njob = lambda context: sys.exit(3)")).contains("SystemExit: 3\n");
    assertThat(error("def job(context): raise KeyboardInterrupt")).endsWith("KeyboardInterrupt\n");
    assertThat(error("job = lambda context: bytearray(10 ** 15)")).endsWith("MemoryError\n");
    assertThat(error("job = lambda: 1")).contains("TypeError: ");
    assertThat(error("def job(context): return job(context)")).contains("RecursionError: ");
    assertThat(result("job = lambda context: 1")).isEqualTo("1");
  }

  @Test
  void resultsThatCannotBeSentAreNamed() throws Exception {
    assertThat(error("import threading\njob = lambda context: threading.Lock()"))
        .startsWith(
            "Client job error: The result, a value of the class _thread.lock, cannot be pickled: ");
    for (String spark :
        List.of(
            "sc",
            "spark",
            "spark.range(3)",
            "sc.parallelize([1])",
            "sql_ctx",
            "spark.range(1).id")) {
      assertThat(error("job = lambda context: context." + spark))
          .startsWith("Client job error: The result, a pyspark.")
          .contains("toPandas");
    }
  }

  @Test
  void bytesThatAreNoJobAreRefused() throws Exception {
    for (byte[] garbage : List.of(new byte[0], new byte[] {7, 7}, new byte[] {(byte) 0x80, 4, 1})) {
      assertThat(error(garbage)).contains("This job is no pickle that can be read: ");
    }
    assertThat(error(new byte[] {(byte) 0xac, (byte) 0xed, 0, 5})).contains("Java's serialization");
    assertThat(error("job = 7")).contains("This job is a value of the class int, not a function");
  }

  @Test
  void moduleThatIsMissingIsNamed() throws Exception {
    // A global by its name: cnowhere\nsome\n.
    byte[] payload = "cnowhere\nsome\n.".getBytes(StandardCharsets.US_ASCII);

    assertThat(error(payload))
        .contains("ModuleNotFoundError: No module named 'nowhere'")
        .contains("upload-pyfile");
  }

  @Test
  void codeOfAnotherPythonIsNotRun() throws Exception {
    assertThat(error(client.strangeJob("def job(context): return 1")))
        .contains("This job was written by another Python than the session's, which is 3.");
    int minor = Integer.parseInt(result("import sys\njob = lambda context: sys.version_info[1]"));
    for (var recorded : Map.of(9, JOB_OF_PYTHON_3_9, 13, JOB_OF_PYTHON_3_13).entrySet()) {
      // Before 3.11 they cannot be told from each other.
      if (recorded.getKey() != minor && Math.max(recorded.getKey(), minor) >= 11) {
        assertThat(error(Base64.getDecoder().decode(recorded.getValue())))
            .contains("This job was written by another Python than the session's, which is 3.");
      }
    }
  }

  @Test
  void jobWhoseEndCannotBeToldFails() throws Exception {
    assertThat(
            error(
                """
                def job(context):
                    gate = context._job.gate
                    class WithoutMemory:
                        def __getattr__(self, name):
                            return getattr(gate, name)
                        def succeeded(self, number, text):
                            raise MemoryError("full")
                    context._job.gate = WithoutMemory()
                    return 1
                """))
        .isEqualTo("Client job error: the end of the job could not be told: MemoryError: full");
    assertThat(result("job = lambda context: 1")).isEqualTo("1");
  }

  @Test
  void jobThatCannotStartLeavesThePlaceToOthers() throws Exception {
    result(
        """
        def job(context):
            job_class = type(context._job)
            def start(self):
                del job_class.start
                raise MemoryError("full")
            job_class.start = start
        """);
    assertThat(error("job = lambda context: 1"))
        .isEqualTo(
            "Client job error: the session's Python has no thread for the job: MemoryError: full");
    assertThat(result("job = lambda context: 1")).isEqualTo("1");
  }

  // ---- beside statements

  @Test
  void jobsRunBesideAStatementAndPrintNothingIntoIt() throws Exception {
    int statement =
        desk.submitAs(
            "pyspark",
            """
            import time
            print("begins")
            MARK
            while "go" not in __import__("builtins").__dict__:
                time.sleep(0.01)
            print("ends")
            """
                .replace("MARK", mark("waits")));
    awaitMark("waits");
    assertThat(
            result(
                """
                def job(context):
                    import sys
                    print("printed by a job")
                    sys.stderr.write("also by a job")
                    __import__('builtins').go = 1
                    return 2
                """))
        .isEqualTo("2");
    StatementDesk.Ended ended = desk.await(statement);
    assertThat(ended.error()).isNull();
    assertThat(ended.printed(StreamName.STDOUT)).isEqualTo("begins\nends\n");
    assertThat(ended.printed(StreamName.STDERR)).isEmpty();
  }

  @Test
  void objectsAreSharedWithJobsAndStatements() throws Exception {
    result(
        """
        def job(context):
            import threading
            context.set_shared_object("a lock", threading.Lock())
            context.set_shared_object("numbers", [1, 2])
            context.set_shared_object("frame", context.spark.range(3))
        """);
    assertThat(
            result(
                """
                def job(context):
                    context.get_shared_object("numbers").append(3)
                    return type(context.get_shared_object("a lock")).__name__
                """))
        .isEqualTo("'lock'");
    desk.runAs("pyspark", "kernel.shared('numbers').append(4)");
    assertThat(result("job = lambda context: context.get_shared_object('numbers')"))
        .isEqualTo("[1, 2, 3, 4]");
    assertThat(result("job = lambda context: context.get_shared_object('frame').count()"))
        .isEqualTo("3");

    assertThat(desk.run("kernel.shared(\"numbers\")").value()).isEqualTo("List(1, 2, 3, 4)");
    assertThat(
            desk.run("kernel.shared(\"frame\").asInstanceOf[org.apache.spark.sql.DataFrame].count")
                .value())
        .isEqualTo("3");
    assertThat(desk.run("kernel.shared(\"a lock\")").error().message())
        .contains(
            "a lock is an object of a job in Python, a lock, of which others can have no copy");
    desk.run("kernel.share(\"numbers\", 5)");
    assertThat(result("job = lambda context: context.get_shared_object('numbers')")).isEqualTo("5");
    assertThat(
            result(
                """
                def job(context):
                    for number in range(100):
                        context.set_shared_object("more %d" % number, object())
                    context.remove_shared_object("numbers")
                    return [context.get_shared_object(n) for n in ("numbers", "a lock")]
                """))
        .isEqualTo("[None, None]");
    assertThat(desk.runAs("pyspark", "len(kernel._objects.objects)").value()).isEqualTo("100");
    result(
        "def job(context):\n    for n in range(100): context.remove_shared_object('more %d' % n)");
    assertThat(desk.runAs("pyspark", "len(kernel._objects.objects)").value()).isEqualTo("0");
  }

  @Test
  void oneIsStartedForAllWhoWantItAtOnce() throws Exception {
    end(submit("import os\njob = lambda context: os._exit(0)"));
    byte[] job = client.job("import os\njob = lambda context: os.getpid()");
    int first = desk.submitJob("pyspark", job);
    int statement = desk.submitAs("pyspark", "import os\nos.getpid()");
    int second = desk.submitJob("pyspark", job);
    String process = desk.await(statement).value();

    DriverEvent one = null;
    DriverEvent other = null;
    while (one == null || other == null) {
      if (desk.nextOfJobs() instanceof JobSucceeded end) {
        one = end.jobId() == first ? end : one;
        other = end.jobId() == second ? end : other;
      }
    }
    assertThat(result(one)).isEqualTo(process);
    assertThat(result(other)).isEqualTo(process);
  }

  @Test
  void sessionWithoutAPythonSaysSo() throws Exception {
    end(submit("import os\njob = lambda context: os._exit(0)"));
    byte[] job = client.job("job = lambda context: 1");
    desk.spark().context().conf().set("spark.pyspark.driver.python", "/nowhere/python");
    try {
      assertThat(((JobFailed) end(desk.submitJob("pyspark", job))).error())
          .startsWith("The session has no Python, in which jobs of kind pyspark run.")
          .contains("/nowhere/python");
    } finally {
      desk.spark().context().conf().remove("spark.pyspark.driver.python");
    }
    assertThat(result(end(desk.submitJob("pyspark", job)))).isEqualTo("1");
  }

  @Test
  void interruptOfAStatementLeavesJobsAlone() throws Exception {
    int statement = desk.submitAs("pyspark", "import time\nwhile True: time.sleep(0.01)");
    int job = submit("import time\ndef job(context):\n    time.sleep(2)\n    return 5");
    awaitFirst(job, JobStarted.class);
    desk.cancel(statement);
    assertThat(desk.await(statement).error().name()).isEqualTo("Interrupted");
    assertThat(result(end(job))).isEqualTo("5");
  }

  @Test
  void endOfPythonFailsTheJobsAndTheNextOneStartsAnother() throws Exception {
    int statement = desk.submitAs("pyspark", "import time\nwhile True: time.sleep(0.01)");
    int waits = submit("import time\ndef job(context): time.sleep(600)");
    awaitFirst(waits, JobStarted.class);
    int ends = submit("import os, time\ndef job(context):\n    time.sleep(1)\n    os._exit(3)");

    String text = "The Python of this session has ended while the job was in it: with exit code 3.";
    assertThat(((JobFailed) end(waits)).error()).startsWith(text);
    assertThat(desk.await(statement).error().name()).isEqualTo("PythonDied");
    int next = submit("job = lambda context: 1");
    assertThat(result(end(next))).isEqualTo("1");
    StatementDesk.Ended told = desk.runAs("pyspark", "1 + 1");
    assertThat(told.value()).isEqualTo("2");
    assertThat(told.printed(StreamName.STDERR)).contains("Python was started again");
    assertThat(ends).isPositive();
  }

  // ---- cancelling

  @Test
  void sparkJobIsCancelled() throws Exception {
    int id =
        submit(
            """
            import time
            def job(context):
                context.sc.parallelize(range(2), 2).map(lambda n: time.sleep(600)).count()
            """);
    awaitFirst(id, JobProgressed.class);
    long begin = System.nanoTime();
    desk.cancelJob(id);

    assertThat(end(id)).isEqualTo(new JobCancelled(id));
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(3));
    assertThat(result("job = lambda context: context.sc.parallelize([1, 2]).count()"))
        .isEqualTo("2");
  }

  @Test
  void endlessLoopIsStopped() throws Exception {
    int id =
        submit("def job(context):\n    MARK\n    while True: pass".replace("MARK", mark("loops")));
    awaitMark("loops");
    desk.cancelJob(id);

    assertThat(end(id)).isEqualTo(new JobCancelled(id));
    assertThat(result("job = lambda context: 1")).isEqualTo("1");
  }

  @Test
  void jobThatNothingStopsIsLeftToItself() throws Exception {
    int id =
        submit(
            "import time\ndef job(context):\n    MARK\n    time.sleep(8)\n    return 5"
                .replace("MARK", mark("sleeps")));
    awaitMark("sleeps");
    desk.cancelJob(id);

    assertThat(end(id)).isEqualTo(new JobCancelled(id));
    assertThat(result("job = lambda context: 1")).isEqualTo("1");
  }

  /** Returns code of Python that says that it has come so far. */
  private static String mark(String name) {
    return "__import__('builtins').mark = '" + name + "'";
  }

  /** Waits for that, by another job of the same Python. */
  private void awaitMark(String name) throws Exception {
    assertThat(
            result(
                """
                def job(context):
                    import builtins, time
                    for _ in range(3000):
                        if getattr(builtins, "mark", None) == "NAME":
                            return "seen"
                        time.sleep(0.01)
                """
                    .replace("NAME", name)))
        .isEqualTo("'seen'");
  }

  // ---- files

  @Test
  void uploadedModuleIsThereForJobsBeforeAndAfter() throws Exception {
    assertThat(result("job = lambda context: 1")).isEqualTo("1");
    String uri =
        desk.upload("up-20", "job_module.py", "ANSWER = 42\n".getBytes(StandardCharsets.UTF_8))
            .uri();
    String job = "def job(context):\n    import job_module\n    return job_module.ANSWER";
    assertThat(error(job)).contains("No module named 'job_module'");
    assertThat(desk.add(ResourceKind.PYTHON_FILE, uri)).isEmpty();
    assertThat(result(job)).isEqualTo("42");
    end(submit("import os\njob = lambda context: os._exit(0)"));
    assertThat(result(job)).isEqualTo("42");
  }
}
