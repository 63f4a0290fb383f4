import io.polybius.client.CancelledException;
import io.polybius.client.EventSubscription;
import io.polybius.client.JobFailedException;
import io.polybius.client.JobHandle;
import io.polybius.client.JobState;
import io.polybius.client.PolybiusException;
import io.polybius.client.RequestRefusedException;
import io.polybius.client.SessionBuilder;
import io.polybius.client.SessionClient;
import io.polybius.client.StatementResult;
import io.polybius.job.Job;
import io.polybius.job.JobContext;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkFiles;

/** Uses the client for Java in every way, in a JVM that has no Spark. */
public final class ClientJobs {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  record Point(int x, List<String> names) implements Serializable {}

  static final class Greeting implements Job<String> {
    private final String name;

    Greeting(String name) {
      this.name = name;
    }

    @Override
    public String call(JobContext context) {
      return "hello " + name + " from Spark " + context.sparkSession().version().charAt(0);
    }
  }

  public static void main(String[] arguments) throws Exception {
    SessionBuilder server = SessionClient.at(arguments[0]).tokenFile(Path.of(arguments[1]));
    Path folder = Path.of(arguments[2]);
    try {
      Class.forName("org.apache.spark.sql.SparkSession");
      say("spark", "is here");
    } catch (ClassNotFoundException e) {
      say("spark", "is not here");
    }
    try {
      SessionClient.at(arguments[0]).open();
    } catch (RequestRefusedException e) {
      say("no token", e.status() + " " + e.getMessage().contains("tokenFile"));
    }
    try (SessionClient session = server.name("jobs").conf("spark.ui.enabled", "false").open()) {
      // All of this waits for the session, which still starts.
      JobHandle<Integer> early = session.submit(context -> 1);
      try {
        early.get(PATIENCE);
      } catch (JobFailedException e) {
        say("not uploaded", e.getMessage());
      }
      session.uploadClassesOf(ClientJobs.class);
      jobs(session);
      failures(session);
      progressAndCancel(session);
      files(session, folder, arguments[3]);
      statements(session);
      try (SessionClient other =
          SessionClient.at(arguments[0]).tokenFile(Path.of(arguments[1])).join("jobs")) {
        together(session, other);
      }
      say("still there", session.state());
      manyClients(arguments, session.id());
    }
    try {
      SessionClient.at(arguments[0]).tokenFile(Path.of(arguments[1])).join("jobs");
    } catch (RequestRefusedException e) {
      say("ended with its client", String.valueOf(e.status()));
    }
    say("done", "");
  }

  private static void say(String what, Object value) {
    System.out.println(what + ": " + value);
  }

  private static void jobs(SessionClient session) {
    int captured = 40;
    say("lambda", session.run(context -> captured + 2));
    say("class", session.run(new Greeting("Ada")));
    say("record", session.run(context -> new Point(3, List.of("a"))));
    say("null", session.run(context -> null));
    say(
        "executors",
        session.run(
            context ->
                context.sparkContext().parallelize(List.of(1, 2, 3)).map(n -> n + captured).collect()));
    JobHandle<Point> job = session.submit(context -> new Point(4, List.of()));
    say("rejoined", session.job(job.id(), Point.class).get(PATIENCE));
    try {
      session.job(job.id(), String.class).get(PATIENCE);
    } catch (PolybiusException e) {
      say("other type", e.getMessage());
    }
    List<CompletableFuture<Integer>> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      int n = i;
      many.add(session.submit(context -> n).toCompletableFuture());
    }
    int threads = Thread.activeCount();
    say("many", many.stream().mapToInt(CompletableFuture::join).sum());
    say("few threads", threads < 30 ? "yes" : threads);
  }

  private static void failures(SessionClient session) {
    try {
      session.run(
          context -> {
            throw new java.io.IOException("boom");
          });
    } catch (JobFailedException e) {
      say("thrown", e.driverTrace().startsWith("java.io.IOException: boom\n\tat ClientJobs."));
    }
    try {
      session.run(context -> new Object());
    } catch (JobFailedException e) {
      say("unwritable", e.getMessage().lines().findFirst().get());
    }
    try {
      Job<Object> schema = context -> context.sparkSession().range(3).schema();
      session.run(schema);
    } catch (PolybiusException e) {
      say("unknown here", e.getMessage());
    }
    Object unwritable = new Object();
    try {
      session.submit(context -> unwritable.hashCode());
    } catch (IllegalArgumentException e) {
      say("captured", e.getMessage());
    }
  }

  private static void progressAndCancel(SessionClient session) throws Exception {
    List<JobState> states = new CopyOnWriteArrayList<>();
    ConcurrentSkipListSet<Double> shares = new ConcurrentSkipListSet<>();
    CountDownLatch ended = new CountDownLatch(1);
    JobHandle<Long> slow =
        session.submit(
            context ->
                context
                    .sparkContext()
                    .parallelize(List.of(1, 2, 3, 4, 5, 6), 6)
                    .filter(
                        n -> {
                          TimeUnit.MILLISECONDS.sleep(300);
                          return true;
                        })
                    .count());
    slow.onProgress(shares::add);
    slow.onState(
        state -> {
          states.add(state);
          if (state.isTerminal()) {
            ended.countDown();
          }
        });
    say("slow", slow.get(PATIENCE));
    ended.await(10, TimeUnit.SECONDS);
    say("states end", states.get(states.size() - 1));
    say("progress", shares.stream().anyMatch(share -> share > 0 && share < 1));

    JobHandle<String> endless =
        session.submit(
            context -> {
              Thread.sleep(600_000);
              return "never";
            });
    CountDownLatch started = new CountDownLatch(1);
    endless.onState(
        state -> {
          if (state == JobState.STARTED) {
            started.countDown();
          }
        });
    started.await(10, TimeUnit.SECONDS);
    endless.cancel();
    try {
      endless.get(PATIENCE);
    } catch (CancelledException e) {
      say("cancelled", endless.state());
    }
  }

  private static void files(SessionClient session, Path folder, String jar) throws Exception {
    Path words = Files.writeString(folder.resolve("words.txt"), "veni vidi vici");
    session.uploadFile(words);
    say("file", session.run(context -> Files.readString(Path.of(SparkFiles.get("words.txt")))));
    session.uploadJar(Path.of(jar));
    say(
        "jar",
        session.run(
            context ->
                Class.forName("Helper", true, Thread.currentThread().getContextClassLoader())
                    .getMethod("help")
                    .invoke(null)
                    .toString()));
    try {
      session.addFile(URI.create("file:/etc/passwd"));
    } catch (RequestRefusedException e) {
      say("not allowed", e.status() + " " + e.getMessage().contains("/etc/passwd"));
    }
  }

  private static void statements(SessionClient session) throws Exception {
    CountDownLatch heard = new CountDownLatch(1);
    try (EventSubscription events =
        session.events(
            event -> {
              if (event.type().equals("output") && event.data().toString().contains("aloud")) {
                heard.countDown();
              }
            })) {
      say("statement", session.execute("println(\"aloud\"); 6 * 7", "spark").get(PATIENCE).text().strip());
      say("heard", heard.await(10, TimeUnit.SECONDS));
    }
    StatementResult failed = session.execute("sys.error(\"no\")", "spark").get(PATIENCE);
    say("failed", !failed.succeeded() && failed.errorMessage().contains("no"));
    say("sql", session.execute("select 1", "sql").get(PATIENCE).data().keySet());
  }

  private static void together(SessionClient session, SessionClient other) {
    session.run(
        context -> {
          context.setSharedObject("list", new ArrayList<>(List.of("first")));
          return null;
        });
    say(
        "other client",
        other.run(
            context -> {
              List<String> list = context.sharedObject("list");
              list.add("second");
              return List.copyOf(list);
            }));
    say(
        "statement sees",
        session
            .execute("kernel.shared(\"list\").asInstanceOf[java.util.List[String]].size", "spark")
            .get(PATIENCE)
            .text()
            .strip());
  }

  private static void manyClients(String[] arguments, long id) {
    List<SessionClient> clients = new ArrayList<>();
    List<CompletableFuture<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      clients.add(SessionClient.at(arguments[0]).tokenFile(Path.of(arguments[1])).join(id));
    }
    for (int round = 0; round < 4; round++) {
      for (SessionClient each : clients) {
        all.add(each.submit(context -> 1).toCompletableFuture());
      }
    }
    say("fifty clients", all.stream().mapToInt(CompletableFuture::join).sum());
    clients.forEach(SessionClient::close);
  }
}
