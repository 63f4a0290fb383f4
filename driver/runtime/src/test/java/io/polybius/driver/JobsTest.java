package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import example.ExampleJobs;
import io.polybius.driver.interpreter.ServedClasses;
import io.polybius.driver.job.CompiledJobs;
import io.polybius.driver.job.LivyClientKryo;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverEvent.JobCancelled;
import io.polybius.driver.protocol.DriverEvent.JobFailed;
import io.polybius.driver.protocol.DriverEvent.JobProgressed;
import io.polybius.driver.protocol.DriverEvent.JobStarted;
import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import io.polybius.driver.protocol.ResourceKind;
import io.polybius.driver.protocol.StreamName;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.apache.livy.Job;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Compiled jobs on a real Spark, beside statements. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsTest {

  private StatementDesk desk;

  @BeforeAll
  void start() throws Exception {
    desk = StatementDesk.shared();
  }

  private int submit(Job<?> job) {
    return desk.submitJob(LivyClientKryo.write(job));
  }

  private DriverEvent end(int id) throws InterruptedException {
    List<DriverEvent> all = desk.awaitJob(id);
    return all.get(all.size() - 1);
  }

  private Object result(Job<?> job) throws InterruptedException {
    return result(end(submit(job)));
  }

  private static Object result(DriverEvent end) {
    assertThat(end).isInstanceOf(JobSucceeded.class);
    JobSucceeded succeeded = (JobSucceeded) end;
    assertThat(succeeded.hasResult()).isTrue();
    return LivyClientKryo.read(succeeded.result());
  }

  private String error(Job<?> job) throws InterruptedException {
    return error(LivyClientKryo.write(job));
  }

  private String error(byte[] payload) throws InterruptedException {
    DriverEvent end = end(desk.submitJob(payload));
    assertThat(end).isInstanceOf(JobFailed.class);
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
    int id = submit(new ExampleJobs.Greeting("Ada"));
    List<DriverEvent> all = desk.awaitJob(id);

    assertThat(all.get(0)).isEqualTo(new JobStarted(id));
    assertThat(all).hasSize(2);
    assertThat(result(all.get(1))).isEqualTo("hello Ada");
    assertThat(result(ExampleJobs.adding(40, 2))).isEqualTo(42);
  }

  @Test
  void jobOfOurOwnClientStartsAndHasAResultOfItsForm() throws Exception {
    desk.run("kernel.share(\"limit\", 100)");
    io.polybius.job.Job<List<Object>> job =
        context ->
            List.of(
                context
                    .sparkSession()
                    .range(context.<Number>sharedObject("limit").longValue())
                    .count(),
                context.sparkContext().parallelize(List.of(1, 2, 3)).map(n -> n * 2).collect(),
                java.nio.file.Files.isDirectory(context.localDirectory()),
                context.findSharedObject("nothing").isPresent());
    DriverEvent end = end(desk.submitJob(java(job)));

    assertThat(end).isInstanceOf(JobSucceeded.class);
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(((JobSucceeded) end).result()))) {
      assertThat(in.readObject()).isEqualTo(List.of(100L, List.of(2, 4, 6), true, false));
    }
    io.polybius.job.Job<Integer> failing =
        context -> {
          throw new java.io.IOException("no such thing");
        };
    assertThat(error(java(failing))).startsWith("java.io.IOException: no such thing\n\tat ");
    io.polybius.job.Job<Object> frame = context -> context.sparkSession().range(3);
    assertThat(error(java(frame))).contains("cannot leave the driver");
  }

  private static byte[] java(Object job) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(job);
    }
    return bytes.toByteArray();
  }

  @Test
  void jobThatIsASparkFunctionItselfRunsOnExecutors() throws Exception {
    assertThat(result(new ExampleJobs.Counting(3))).isEqualTo(334L);
  }

  @Test
  void typesOfTheApiAreServedToExecutors(@TempDir Path directory) throws Exception {
    Path jar = directory.resolve("api/served.jar");
    ServedClasses.write(jar, CompiledJobs.CLASSES);
    try (URLClassLoader executors =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      for (Class<?> type : CompiledJobs.CLASSES) {
        assertThat(executors.loadClass(type.getName())).isNotSameAs(type);
      }
    }
    assertThat(desk.run("classOf[org.apache.livy.Job[_]].getName").value())
        .isEqualTo("org.apache.livy.Job");
  }

  @Test
  void nullIsNoBytes() throws Exception {
    JobSucceeded succeeded = (JobSucceeded) end(submit(ExampleJobs.nothing()));

    assertThat(succeeded.hasResult()).isFalse();
    assertThat(succeeded.result()).isEmpty();
  }

  @Test
  void contextHasWhatLivyHas() throws Exception {
    @SuppressWarnings("unchecked")
    List<String> seen = (List<String>) result(ExampleJobs.looking());

    assertThat(seen)
        .contains("rows 1", "hive null", "directory true", "streaming true")
        .anyMatch(text -> text.startsWith("pool polybius-jobs-"))
        .anyMatch(text -> text.startsWith("group polybius-job-"))
        .contains("There is no streaming context; createStreamingContext makes it.");
    assertThat(seen.get(seen.size() - 1)).isEqualTo("rows 1");
  }

  @Test
  void resultsThatCannotBeSentAreNamed() throws Exception {
    assertThat(error(ExampleJobs.point()))
        .startsWith("The result, a example.ExampleJobs$Point, cannot be serialized: ");
    assertThat(error(ExampleJobs.frame()))
        .startsWith("The result, a org.apache.spark.sql.Dataset, cannot leave the driver.");
    assertThat(error(ExampleJobs.bytes(JobSucceeded.MAX_BYTES)))
        .startsWith("The result, a [B, takes more than 32 MiB when it is serialized.");
    assertThat(error(ExampleJobs.nested(50_000))).contains("is nested too deeply");
    assertThat((byte[]) result(ExampleJobs.bytes(JobSucceeded.MAX_BYTES - 100)))
        .hasSize(JobSucceeded.MAX_BYTES - 100);
  }

  // ---- failures

  @Test
  void jobThatThrowsHasItsOwnStackTrace() throws Exception {
    assertThat(error(ExampleJobs.throwing("no such thing")))
        .startsWith("java.io.IOException: no such thing\n\tat example.ExampleJobs.");
  }

  @Test
  void jobDoesNotEndTheDriver() throws Exception {
    assertThat(error(ExampleJobs.exiting()))
        .startsWith("java.lang.SecurityException: A job must not end the session's driver")
        .contains("System.exit(3)");
    assertThat(result(ExampleJobs.exitingBeside())).asString().contains("System.exit(4)");
    assertThat(result(ExampleJobs.adding(1, 1))).isEqualTo(2);
  }

  @Test
  void jobThatAllocatesWithoutEndFails() throws Exception {
    assertThat(error(ExampleJobs.allocating())).startsWith("java.lang.OutOfMemoryError: ");
    assertThat(desk.run("6 * 7").value()).isEqualTo("42");
  }

  @Test
  void anonymousClassThatMissesItsValuesGetsAHint() throws Exception {
    assertThat(error(ExampleJobs.anonymous("text")))
        .startsWith("java.lang.NullPointerException")
        .contains("make the job a lambda");
  }

  @Test
  void bytesThatAreNoJobAreRefused() throws Exception {
    assertThat(error(new byte[] {7, 7, 7})).startsWith("The bytes of this job are not readable.");
  }

  @Test
  void unknownKindIsSaidSo() throws Exception {
    int id = desk.submitJob("sparkr", new byte[] {1});

    assertThat(desk.awaitJob(id))
        .containsExactly(
            new JobFailed(id, "This driver runs no jobs of kind sparkr, only of pyspark, spark."));
  }

  // ---- cancelling

  @Test
  void sparkJobIsCancelledAndHasToldOfItsProgress() throws Exception {
    int id = submit(ExampleJobs.sleepingInSpark());
    awaitFirst(id, JobProgressed.class);
    assertThat(desk.jobsIdleTime()).isEqualTo(Duration.ZERO);
    desk.cancelJob(id);

    assertThat(end(id)).isEqualTo(new JobCancelled(id));
    assertThat(desk.jobsIdleTime()).isPositive();
    desk.run("while (sc.statusTracker.getActiveJobIds.nonEmpty) Thread.sleep(10)");
  }

  @Test
  void loopThatNoticesNoInterruptIsStopped() throws Exception {
    int id = submit(ExampleJobs.looping());
    awaitFirst(id, JobStarted.class);
    assertThat(
            desk.run(
                    """
                    while (scala.util.Try(kernel.shared("looping")).isFailure) Thread.sleep(10)
                    """)
                .error())
        .isNull();
    desk.cancelJob(id);

    assertThat(end(id)).isEqualTo(new JobCancelled(id));
    assertThat(result(ExampleJobs.adding(1, 2))).isEqualTo(3);
  }

  @Test
  void jobThatNothingStopsIsLeftToItself() throws Exception {
    int id = submit(ExampleJobs.stubborn());
    awaitFirst(id, JobStarted.class);
    desk.cancelJob(id);

    assertThat(end(id)).isEqualTo(new JobCancelled(id));
    // It has ended by itself by then, and nothing more is said of it.
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().equals("job-" + id)));
    int next = submit(ExampleJobs.adding(1, 2));
    assertThat(desk.nextOfJobs()).isEqualTo(new JobStarted(next));
    assertThat(end(next)).isInstanceOf(JobSucceeded.class);
  }

  @Test
  void soManyRunAndOthersWaitOrAreRefused() throws Exception {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < 2 * StatementDesk.MOST_JOBS; i++) {
      all.add(submit(ExampleJobs.sleepingInSpark()));
    }
    int refused = submit(ExampleJobs.adding(1, 2));

    assertThat(((JobFailed) end(refused)).error())
        .startsWith("Too many jobs of this session wait already");
    int last = all.get(all.size() - 1);
    desk.cancelJob(last);
    assertThat(desk.awaitJob(last)).containsExactly(new JobCancelled(last));
    int waits = submit(ExampleJobs.adding(1, 2));
    all.subList(0, all.size() - 1).forEach(desk::cancelJob);
    assertThat(result(end(waits))).isEqualTo(3);
  }

  // ---- beside statements

  @Test
  void jobsRunBesideAStatementAndPrintNothingIntoIt() throws Exception {
    int statement =
        desk.submit(
            """
            println("begins")
            while (scala.util.Try(kernel.shared("printed")).isFailure) Thread.sleep(10)
            sc.parallelize(1 to 2, 2).foreach(n => println("own " + n))
            """);
    assertThat(result(ExampleJobs.printing("printed"))).isEqualTo(1);
    assertThat(end(submit(ExampleJobs.sharing("printed", 1)))).isInstanceOf(JobSucceeded.class);

    StatementDesk.Ended ended = desk.await(statement);
    assertThat(ended.error()).isNull();
    assertThat(ended.printed(StreamName.STDOUT))
        .contains("begins", "own 1", "own 2")
        .doesNotContain("printed");
    end(submit(ExampleJobs.removing("printed")));
  }

  @Test
  void jobShowsNothingInAStatement() throws Exception {
    assertThat(desk.run("1 + 1").value()).isEqualTo("2");

    assertThat(error(ExampleJobs.showing()))
        .startsWith("java.lang.IllegalStateException: There is no statement in which this could");
  }

  @Test
  void objectsAreSharedBothWays() throws Exception {
    desk.run("kernel.share(\"fromStatement\", Map(\"a\" -> 1))");
    assertThat(result(ExampleJobs.reading("fromStatement"))).isEqualTo("Map(a -> 1)");

    StringBuilder builder = new StringBuilder("x");
    end(submit(ExampleJobs.sharing("fromJob", builder)));
    desk.run(
        """
        val builder = kernel.shared("fromJob").asInstanceOf[StringBuilder]
        builder.append("y")
        """);
    StatementDesk.Ended appended =
        desk.run(
            """
            val same = kernel.shared("fromJob").asInstanceOf[java.lang.StringBuilder]
            same.append("y")
            """);
    assertThat(appended.error()).isNull();
    assertThat(result(ExampleJobs.reading("fromJob"))).isEqualTo("xy");
    assertThat(desk.run("%share\n").error()).isNotNull();
    assertThat(result(ExampleJobs.removing("fromJob"))).isEqualTo("xy");
    assertThat(error(ExampleJobs.reading("fromJob")))
        .startsWith("java.util.NoSuchElementException: Cannot find shared variable named fromJob");
    assertThat(result(ExampleJobs.removing("fromJob"))).isEqualTo("null");
  }

  @Test
  void onlySoManyObjectsAreKept() throws Exception {
    assertThat(result(ExampleJobs.sharesMany(99))).isEqualTo(true);
    assertThat(result(ExampleJobs.sharesMany(100))).isEqualTo(false);
  }

  // ---- jars and files

  /** Makes a jar with a class {@code app.NAME} whose text is TEXT and which is a job. */
  private static Path jar(Path directory, String file, String name, String text) throws Exception {
    Path source = Files.createDirectories(directory.resolve(text)).resolve(name + ".java");
    Files.writeString(
        source,
        """
        package app;
        public class %s implements org.apache.livy.Job<String> {
          public String call(org.apache.livy.JobContext context) {
            return context.sc().parallelize(java.util.List.of(1), 1).map(n -> new %s().toString()).first();
          }
          public String toString() { return "%s"; }
        }
        """
            .formatted(name, name, text));
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(
                    null,
                    OutputStream.nullOutputStream(),
                    OutputStream.nullOutputStream(),
                    "-d",
                    source.getParent().toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    source.toString()))
        .isZero();
    Path jar = source.resolveSibling(file);
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> classes = Files.list(source.resolveSibling("app"))) {
      for (Path each : classes.toList()) {
        out.putNextEntry(new JarEntry("app/" + each.getFileName()));
        out.write(Files.readAllBytes(each));
      }
    }
    return jar;
  }

  private static byte[] jobOf(Path jar, String name) throws Exception {
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, JobsTest.class.getClassLoader())) {
      return LivyClientKryo.write(loader.loadClass(name).getDeclaredConstructor().newInstance());
    }
  }

  @Test
  void jarIsThereForJobsWhileAStatementRuns(@TempDir Path directory) throws Exception {
    Path jar = jar(directory, "late.jar", "Late", "late one");
    byte[] job = jobOf(jar, "app.Late");
    assertThat(error(job)).startsWith("The driver has no class app.Late. Upload the jar");

    int statement =
        desk.submit(
            "while (scala.util.Try(kernel.shared(\"jarIsThere\")).isFailure) Thread.sleep(10)");
    assertThat(desk.add(ResourceKind.JAR, jar.toUri().toString())).isEmpty();
    assertThat(result(end(desk.submitJob(job)))).isEqualTo("late one");
    assertThat(result(ExampleJobs.classNamed("app.Late"))).isEqualTo("late one");
    end(submit(ExampleJobs.sharing("jarIsThere", 1)));
    assertThat(desk.await(statement).error()).isNull();

    assertThat(desk.run("new app.Late().toString").value()).isEqualTo("late one");
    // The same class, not another of its name.
    end(submit(ExampleJobs.sharing("class", ExampleJobs.class)));
    assertThat(desk.run("kernel.shared(\"class\") == classOf[example.ExampleJobs]").value())
        .isEqualTo("true");
  }

  @Test
  void jarOfTheSameNameIsAddedBesideTheOther(@TempDir Path directory) throws Exception {
    Path one = jar(directory, "same.jar", "One", "first one");
    Path other = jar(directory, "same.jar", "Other", "second one");

    assertThat(desk.add(ResourceKind.JAR, one.toUri().toString())).isEmpty();
    assertThat(desk.add(ResourceKind.JAR, other.toUri().toString())).isEmpty();
    assertThat(desk.add(ResourceKind.JAR, one.toUri().toString())).isEmpty();
    assertThat(result(end(desk.submitJob(jobOf(one, "app.One"))))).isEqualTo("first one");
    assertThat(result(end(desk.submitJob(jobOf(other, "app.Other"))))).isEqualTo("second one");
  }

  @Test
  void uploadedFileIsThereForJobs() throws Exception {
    DriverEvent.FilePartTaken first = desk.upload("up-1", "data é.txt", bytes("one "));
    DriverEvent.FilePartTaken second = desk.upload("up-1", "data é.txt", bytes("two"));

    assertThat(first.error()).isEmpty();
    assertThat(second.uri()).isEqualTo(first.uri()).startsWith("file:/");
    assertThat(desk.add(ResourceKind.FILE, second.uri())).isEmpty();
    assertThat(result(ExampleJobs.file("data é.txt"))).isEqualTo("one two");

    // The same again is fine, but Spark cannot replace a file.
    String same = desk.upload("up-2", "data é.txt", bytes("one two")).uri();
    assertThat(desk.add(ResourceKind.FILE, same)).isEmpty();
    String other = desk.upload("up-3", "data é.txt", bytes("three")).uri();
    assertThat(desk.add(ResourceKind.FILE, other))
        .startsWith("Another file data é.txt was added before");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void namesThatLeadElsewhereAreRefused() throws Exception {
    for (String name : List.of("", ".", "..", "../x", "a/b", "a\\b", "a\nb", "x".repeat(300))) {
      DriverEvent.FilePartTaken taken = desk.upload("up-1", name, bytes("x"));
      assertThat(taken.uri()).isEmpty();
      assertThat(taken.error()).startsWith("This is no name for a file");
    }
    for (String folder : List.of("", "..", "a/b", "a b")) {
      assertThat(desk.upload(folder, "x", bytes("x")).error()).isNotEmpty();
    }
  }

  @Test
  void whatIsNotThereOrNoJarIsSaidSo() throws Exception {
    String text = desk.upload("up-4", "text.jar", bytes("text")).uri();

    assertThat(desk.add(ResourceKind.JAR, text)).startsWith("text.jar is no jar: ");
    assertThat(desk.add(ResourceKind.JAR, "file:/nowhere/x.jar"))
        .isEqualTo("there is no file /nowhere/x.jar");
    assertThat(desk.add(ResourceKind.FILE, "file:/nowhere/x"))
        .isEqualTo("There is no file /nowhere/x that the driver can read.");
    assertThat(desk.add(ResourceKind.JAR, "strange:/x.jar").toLowerCase(Locale.ROOT))
        .contains("no filesystem for scheme");
  }

  @Test
  void pythonThatStartsLaterIsToldOfItsFiles() throws Exception {
    String module = desk.upload("up-5", "late_module.py", bytes("ANSWER = 42\n")).uri();

    assertThat(desk.add(ResourceKind.PYTHON_FILE, module)).isEmpty();
    assertThat(desk.add(ResourceKind.PYTHON_FILE, module)).isEmpty();
    String again = desk.upload("up-6", "late_module.py", bytes("ANSWER = 42\n")).uri();
    assertThat(desk.add(ResourceKind.PYTHON_FILE, again)).isEmpty();
    // Once, as a path: Python takes the end of it for the name.
    assertThat(desk.run("sc.getConf.get(\"spark.submit.pyFiles\")").value())
        .isEqualTo(Path.of(URI.create(module)).toString());
    String comma = desk.upload("up-7", "late,module.py", bytes("")).uri();
    assertThat(desk.add(ResourceKind.PYTHON_FILE, comma)).contains("no comma");
    assertThat(result(ExampleJobs.file("late_module.py"))).isEqualTo("ANSWER = 42\n");
  }
}
