package io.polybius.bench;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code bin/polybius bench}: starts a server, measures it through both doors, and in the same run
 * measures Scala's bare REPL and ipykernel for comparison.
 */
public final class Benchmarks {

  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final long STOP_SECONDS = 30;
  private static final Duration ARCHIVE_TIMEOUT = Duration.ofMinutes(5);

  /** What a driver takes from its start until its compiler is warm, on a slow machine. */
  private static final Duration PRESPAWN_TIME = Duration.ofSeconds(75);

  private static final Pattern READY = Pattern.compile("Polybius is ready at (\\S+)");
  private static final int SESSIONS = 3;
  private static final int PRESPAWNED = 2;
  private static final int STATEMENTS = 300;
  private static final int ROUND_TRIPS = 300;
  private static final Duration WARM_UP = Duration.ofSeconds(2);
  private static final Duration LOAD_TIME = Duration.ofSeconds(5);
  private static final int PRINTS = 10;
  private static final String STATEMENT = "1+1";
  private static final String QUERY = "select 1";

  /** Costs the compiler next to nothing, so that what remains is the way there and back. */
  private static final String EMPTY_STATEMENT = "// nothing";

  private static final String PRINT_LINES = "for (i <- 1 to 10000) println(i)";

  private static final int TABLES = 30;

  /** A collection and a DataFrame of 1,000 rows with 20 columns. */
  private static final String CELLS =
      """
      val rows = (0 until 1000).map(row => (0 until 20).map(column => row * 20 + column))
      val frame = rows.toDF("all").select((0 until 20).map(n => $"all"(n) as s"c$n"): _*).cache()
      frame.count()\
      """;

  private final Path home;
  private final Path folder;

  private Benchmarks(Path home, Path folder) {
    this.home = home;
    this.folder = folder;
  }

  /**
   * Runs all benchmarks, or with the word {@code yarn} those on YARN, with {@code jobs} those of
   * compiled jobs; takes some minutes.
   */
  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(System.getProperty("polybius.home"));
    Path folder = Files.createTempDirectory("polybius-bench");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(folder), "bench-end"));
    System.out.printf(
        "%s, %d cores, JDK %s%n",
        System.getProperty("os.name"),
        Runtime.getRuntime().availableProcessors(),
        Runtime.version());
    if (List.of(arguments).contains("yarn")) {
      new YarnBenchmarks(home, folder).run();
    } else if (List.of(arguments).contains("jobs")) {
      Samples.printHeading();
      JavaJobs.run(home, folder);
    } else if (List.of(arguments).contains("uploads")) {
      Samples.printHeading();
      new UploadBenchmarks(home, folder).run();
    } else {
      new Benchmarks(home, folder).run();
    }
  }

  /** Leaves nothing behind, also after a signal. */
  private static void end(Path folder) {
    List<ProcessHandle> children = ProcessHandle.current().descendants().toList();
    children.forEach(ProcessHandle::destroy);
    for (ProcessHandle child : children) {
      child.onExit().completeOnTimeout(child, STOP_SECONDS, TimeUnit.SECONDS).join();
    }
    try {
      delete(folder);
    } catch (IOException e) {
      System.err.println("polybius: " + folder + " could not be removed: " + e);
    }
  }

  private void run() throws Exception {
    Samples.printHeading();
    JupyterDoor jupyter = new JupyterDoor(home, folder);
    bareRepl();
    try (ChildProcess server = server(0)) {
      LivyClient rest = new LivyClient(readyAddress(server));
      sessionStarts(rest);
      statements(rest);
      language(rest, "Python", "pyspark", STATEMENT);
      language(rest, "SQL", "sql", QUERY);
      jupyter.session(rest);
    }
    try (ChildProcess server = server(1)) {
      prespawned(new LivyClient(readyAddress(server)));
    }
    JavaJobs.run(home, folder.resolve("jobs"));
    new UploadBenchmarks(home, folder).run();
    ManySessions.run(folder.resolve("many"));
    jupyter.ownShare();
    jupyter.ipykernel();
  }

  private ChildProcess server(int prespawnedDrivers) throws IOException {
    return server(
        home,
        folder,
        Map.of("polybius.server.prespawned-drivers", String.valueOf(prespawnedDrivers)));
  }

  /**
   * Starts a server.
   *
   * @param folder for its files
   * @param settings what it is told
   */
  static ChildProcess server(Path home, Path folder, Map<String, String> settings)
      throws IOException {
    Map<String, String> all = new TreeMap<>(settings);
    all.put("polybius.server.state-dir", folder.resolve("state").toString());
    all.put("polybius.server.cache-dir", folder.resolve("cache").toString());
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/polybius").toString());
    command.addAll(List.of("serve", "--port", "0"));
    all.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
    return new ChildProcess(command);
  }

  /** Waits until a server has started, and returns where it listens. */
  static URI readyAddress(ChildProcess server) throws InterruptedException, TimeoutException {
    while (true) {
      Matcher matcher = READY.matcher(server.nextLine(TIMEOUT.toSeconds()));
      if (matcher.find()) {
        return URI.create(matcher.group(1));
      }
    }
  }

  /** Returns the distribution's folder of jars. */
  static Path libraries(Path home) {
    Path built = home.resolve("target/polybius/lib");
    return Files.isDirectory(built) ? built : home.resolve("lib");
  }

  private void bareRepl() throws Exception {
    Path libraries = libraries(home);
    List<String> classPath = new ArrayList<>();
    for (String name : List.of("bench", "spark")) {
      try (Stream<Path> jars = Files.list(libraries.resolve(name))) {
        jars.sorted().forEach(jar -> classPath.add(jar.toString()));
      }
    }
    Samples samples = new Samples("bare Scala REPL: " + STATEMENT);
    try (ChildProcess repl =
        new ChildProcess(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-Xss4m",
                "-cp",
                String.join(File.pathSeparator, classPath),
                BareRepl.class.getName(),
                String.valueOf(STATEMENTS),
                STATEMENT,
                folder.resolve("classes").toString()))) {
      for (int i = 0; i < STATEMENTS; i++) {
        samples.add(Long.parseLong(repl.nextLine(TIMEOUT.toSeconds())));
      }
    }
    printStatements("bare Scala REPL", STATEMENT, samples);
  }

  private void sessionStarts(LivyClient rest) throws Exception {
    Samples.measure("session start to idle, the very first", 1, () -> openAndDelete(rest)).print();
    // The archive of classes that later starts use is made in the background.
    long deadline = System.nanoTime() + ARCHIVE_TIMEOUT.toNanos();
    while (!hasArchive() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
    }
    Samples.measure(
            "session start to idle, " + (hasArchive() ? "later ones" : "without archive"),
            SESSIONS,
            () -> openAndDelete(rest))
        .print();
  }

  /** Measures sessions whose drivers had the time to get ready. */
  private static void prespawned(LivyClient rest) throws Exception {
    Samples starts = new Samples("session start to idle, prespawned");
    List<Samples> statements = new ArrayList<>();
    for (int i = 0; i < PRESPAWNED; i++) {
      LockSupport.parkNanos(PRESPAWN_TIME.toNanos());
      long begin = System.nanoTime();
      int session = rest.openSession();
      starts.add(System.nanoTime() - begin);
      statements.add(
          Samples.measure(
              "REST statement " + STATEMENT + ", 1 to 200, prespawned",
              200,
              () -> rest.run(session, STATEMENT)));
      rest.call("DELETE", "/sessions/" + session, null);
    }
    starts.print();
    statements.forEach(Samples::print);
  }

  private static void openAndDelete(LivyClient rest) throws Exception {
    rest.call("DELETE", "/sessions/" + rest.openSession(), null);
  }

  private boolean hasArchive() throws IOException {
    Path cache = folder.resolve("cache");
    if (!Files.isDirectory(cache)) {
      return false;
    }
    try (Stream<Path> files = Files.list(cache)) {
      return files.anyMatch(file -> file.toString().endsWith(".jsa"));
    }
  }

  private static void statements(LivyClient rest) throws Exception {
    int session = rest.openSession();
    Samples samples = Samples.measure("", STATEMENTS, () -> rest.run(session, STATEMENT));
    printStatements("REST statement", STATEMENT, samples);
    Samples.measure(
            "REST statement: an empty one, all but the compiler",
            ROUND_TRIPS,
            () -> rest.run(session, EMPTY_STATEMENT))
        .print();
    Samples.measure(
            "REST statement: the same by long poll, upper bound of the overhead",
            ROUND_TRIPS,
            () -> rest.runWaiting(session, EMPTY_STATEMENT))
        .print();
    Samples.measure(
            "REST GET /sessions/{id}",
            ROUND_TRIPS,
            () -> rest.call("GET", "/sessions/" + session, null))
        .print();
    List<String> path = List.of("/sessions/" + session);
    LoadGenerator.run(
        "REST GET /sessions/{id}, 50 connections, warming up", rest.server(), path, 50, WARM_UP);
    LoadGenerator.run("REST GET /sessions/{id}, 1 connection", rest.server(), path, 1, LOAD_TIME);
    LoadGenerator.run(
        "REST GET /sessions/{id}, 50 connections", rest.server(), path, 50, LOAD_TIME);
    rest.run(session, PRINT_LINES);
    Samples.measure("REST 10,000 lines of output", PRINTS, () -> rest.run(session, PRINT_LINES))
        .print();
    tables(rest, session);
    rest.call("DELETE", "/sessions/" + session, null);
  }

  /** Measures the first statement of sessions of a language, and those that follow. */
  private static void language(LivyClient rest, String name, String kind, String code)
      throws Exception {
    Samples first = new Samples(name + ": first REST statement once the session is idle");
    Samples samples = new Samples("");
    for (int i = 0; i < SESSIONS; i++) {
      int session = rest.openSession(kind);
      first.add(Samples.nanos(() -> rest.run(session, code)));
      if (i == SESSIONS - 1) {
        for (int n = 0; n < STATEMENTS; n++) {
          samples.add(Samples.nanos(() -> rest.run(session, code)));
        }
      }
      rest.call("DELETE", "/sessions/" + session, null);
    }
    first.print();
    printStatements(name + ": REST statement", code, samples);
  }

  /** Measures tables of 1,000 x 20 cells, when all that makes them is warm. */
  private static void tables(LivyClient rest, int session) throws Exception {
    rest.run(session, CELLS);
    for (String name : List.of("rows", "frame")) {
      String table = "%table " + name;
      for (int i = 0; i < TABLES; i++) {
        rest.run(session, table);
      }
      Samples.measure(
              "REST " + table + ", 1,000 x 20 cells", TABLES, () -> rest.run(session, table))
          .print();
    }
  }

  private static void printStatements(String name, String code, Samples samples) {
    samples.part(name + " " + code + ", 1 to 200", 0, 200).print();
    samples.part(name + " " + code + ", 1 to 50", 0, 50).print();
    samples.part(name + " " + code + ", 131 to 170", 130, 170).print();
    samples.part(name + " " + code + ", 261 to 300", 260, 300).print();
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
