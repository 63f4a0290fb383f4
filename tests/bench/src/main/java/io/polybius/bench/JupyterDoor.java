package io.polybius.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.client.ExecuteOptions;
import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** What kernels take by each way in, and what ipykernel takes for the same. */
final class JupyterDoor {

  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final int ROUND_TRIPS = 300;
  private static final int PRINTS = 10;
  private static final int COMPLETIONS = 100;
  private static final int INTERRUPTS = 10;
  private static final int RELAYS = 5;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path home;
  private final Path folder;

  /**
   * Makes one.
   *
   * @param home the program's folder
   * @param folder for files
   */
  JupyterDoor(Path home, Path folder) {
    this.home = home;
    this.folder = folder;
  }

  /** What is to be run in a language. */
  record Cells(String trivial, String lines, String loop, String halfWord) {

    static final Cells SCALA =
        new Cells(
            "1+1",
            "for (i <- 1 to 10000) println(i)",
            "println(\"looping\"); while (true) {}",
            "spark.ran");

    static final Cells PYTHON =
        new Cells(
            "1+1",
            "for i in range(10000): print(i + 1)",
            "print('looping', flush=True)\nwhile True: pass",
            "print.__na");

    /** Does nothing on drivers in memory, which leaves what is not the language. */
    static final Cells NONE = new Cells("", InMemoryDrivers.PRINT_LINES, "", "");
  }

  /** Measures the server's own share by each way in, on drivers in memory. */
  void ownShare() throws Exception {
    System.out.println(
        "Kernels without a language, the server in one process with its clients (reply and idle):");
    try (InMemoryServer server = new InMemoryServer(folder.resolve("kernels"), 1000)) {
      LivyClient rest = new LivyClient(server.uri());
      int session = rest.openSession();
      try (KernelClient kernel = new KernelClient(connect(rest, session))) {
        roundTrips("direct", kernel, Cells.NONE);
        lines("direct", kernel, Cells.NONE);
      }
      relays(server.uri());
      try (WebSocketKernel kernel = new WebSocketKernel(server.uri())) {
        roundTrips("gateway", kernel);
      }
      throughJupyterServer(server.uri());
    }
  }

  /** Measures a session of Spark on its own sockets. */
  void session(LivyClient rest) throws Exception {
    int session = rest.openSession();
    try (KernelClient kernel = new KernelClient(connect(rest, session))) {
      language("Scala, direct", kernel, Cells.SCALA);
    }
    rest.call("DELETE", "/sessions/" + session, null);
  }

  /** Measures ipykernel in the same way. */
  void ipykernel() throws Exception {
    Optional<String> python = pythonWith("ipykernel");
    if (python.isEmpty()) {
      System.out.println("ipykernel: left out; ./mvnw verify installs a Python that has it");
      return;
    }
    Path file = folder.resolve("kernel-ipykernel.json");
    ConnectionFile connection = onFreePorts("python3");
    connection.write(file);
    try (ChildProcess process =
            new ChildProcess(
                List.of(python.get(), "-m", "ipykernel_launcher", "-f", file.toString()));
        KernelClient kernel = new KernelClient(connection)) {
      language("ipykernel", kernel, Cells.PYTHON);
    }
  }

  /** Returns the connection file of a session. */
  static ConnectionFile connect(LivyClient rest, int session) throws Exception {
    return ConnectionFile.read(
        Path.of(
            rest.call("POST", "/sessions/" + session + "/kernel", null)
                .get("connection_file")
                .asText()));
  }

  private static void language(String name, KernelClient kernel, Cells cells) throws Exception {
    roundTrips(name, kernel, cells);
    lines(name, kernel, cells);
    completion(name, kernel, cells);
    interrupts(name, kernel, cells);
  }

  private static void roundTrips(String name, KernelClient kernel, Cells cells) throws Exception {
    // The client here is Java too: while it is new, it would be most of what is measured.
    for (int i = 0; i < ROUND_TRIPS; i++) {
      kernel.kernelInfo(TIMEOUT);
      if (i % 3 == 0) {
        execute(kernel, cells.trivial());
      }
    }
    Samples.measure(name + ": kernel_info", ROUND_TRIPS, () -> kernel.kernelInfo(TIMEOUT)).print();
    Samples.measure(
            name + ": execute " + (cells.trivial().isEmpty() ? "nothing" : cells.trivial()),
            ROUND_TRIPS,
            () -> execute(kernel, cells.trivial()))
        .print();
  }

  private static void execute(KernelClient kernel, String code) throws Exception {
    kernel.execute(code, ExecuteOptions.CELL, message -> {}, TIMEOUT);
  }

  private static void lines(String name, KernelClient kernel, Cells cells) throws Exception {
    execute(kernel, cells.lines());
    Samples.measure(
            name + ": 10,000 lines of output",
            PRINTS,
            () -> {
              LineCount count = new LineCount();
              kernel.execute(
                  cells.lines(),
                  ExecuteOptions.CELL,
                  message -> count.add(message.type(), message.content()),
                  TIMEOUT);
              count.check();
            })
        .print();
  }

  /** Counts lines, of which none may be lost. */
  private static final class LineCount {

    private long lines;

    void add(String type, JsonNode content) {
      if (type.equals("stream")) {
        lines += content.path("text").asText().chars().filter(letter -> letter == '\n').count();
      }
    }

    void check() throws IOException {
      if (lines != InMemoryDrivers.LINES) {
        throw new IOException(lines + " lines have come");
      }
    }
  }

  private static void completion(String name, KernelClient kernel, Cells cells) throws Exception {
    ObjectNode question =
        JSON.createObjectNode()
            .put("code", cells.halfWord())
            .put("cursor_pos", cells.halfWord().length());
    Samples.Work ask =
        () -> {
          JupyterMessage answer =
              kernel.request("complete_request", question, message -> {}, TIMEOUT);
          if (answer.content().path("matches").isEmpty()) {
            throw new IOException("nothing completes " + cells.halfWord());
          }
        };
    Samples.measure("", COMPLETIONS / 5, ask);
    Samples.measure(name + ": completion", COMPLETIONS, ask).print();
  }

  private static void interrupts(String name, KernelClient kernel, Cells cells) throws Exception {
    Samples samples = new Samples(name + ": interrupt of an endless loop");
    ExecutorService runner = Executors.newSingleThreadExecutor();
    try {
      for (int i = 0; i < INTERRUPTS; i++) {
        CountDownLatch looping = new CountDownLatch(1);
        Consumer<JupyterMessage> listener =
            message -> {
              if (message.type().equals("stream")) {
                looping.countDown();
              }
            };
        Future<JupyterMessage> loop =
            runner.submit(
                () -> kernel.execute(cells.loop(), ExecuteOptions.CELL, listener, TIMEOUT));
        if (!looping.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
          throw new TimeoutException("the loop did not begin");
        }
        long begin = System.nanoTime();
        kernel.interrupt();
        loop.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        samples.add(System.nanoTime() - begin);
      }
    } finally {
      runner.shutdownNow();
    }
    samples.print();
  }

  private void relays(URI server) throws Exception {
    Samples starts = new Samples("relay: from its start to its first kernel_info");
    List<Long> memory = new ArrayList<>();
    long afterLines = 0;
    for (int i = 0; i < RELAYS; i++) {
      ConnectionFile connection = onFreePorts("polybius-scala");
      Path file = folder.resolve("kernel-" + UUID.randomUUID() + ".json");
      connection.write(file);
      long begin = System.nanoTime();
      try (ChildProcess relay =
          new ChildProcess(
              List.of(
                  home.resolve("bin/polybius").toString(),
                  "kernel",
                  "--server",
                  server.toString(),
                  "-f",
                  file.toString()))) {
        awaitPort(connection.shellPort());
        try (KernelClient kernel = new KernelClient(connection)) {
          kernel.kernelInfo(TIMEOUT);
          starts.add(System.nanoTime() - begin);
          if (i == 0) {
            roundTrips("relay", kernel, Cells.NONE);
            lines("relay", kernel, Cells.NONE);
            afterLines = relay.residentBytes().orElse(0);
          } else {
            execute(kernel, Cells.NONE.trivial());
            relay.residentBytes().ifPresent(memory::add);
          }
          kernel.shutdown(false);
        }
      }
    }
    starts.print();
    if (!memory.isEmpty()) {
      System.out.printf(
          "relay: resident memory, %d MB after a cell, %d MB after all of the above%n",
          Collections.max(memory) >> 20, afterLines >> 20);
    }
  }

  private static void awaitPort(int port) throws TimeoutException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (System.nanoTime() < deadline) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException e) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
      }
    }
    throw new TimeoutException("nothing listens on port " + port);
  }

  private static void roundTrips(String name, WebSocketKernel kernel) throws Exception {
    ObjectNode nothing = JSON.createObjectNode();
    ObjectNode cell = cell(Cells.NONE.trivial());
    ObjectNode print = cell(Cells.NONE.lines());
    for (int i = 0; i < ROUND_TRIPS; i++) {
      kernel.reply("kernel_info_request", nothing);
      if (i % 3 == 0) {
        kernel.whole("execute_request", cell, message -> {});
      }
    }
    Samples.measure(
            name + ": kernel_info", ROUND_TRIPS, () -> kernel.reply("kernel_info_request", nothing))
        .print();
    Samples.measure(
            name + ": execute nothing",
            ROUND_TRIPS,
            () -> kernel.whole("execute_request", cell, message -> {}))
        .print();
    Samples.measure(
            name + ": 10,000 lines of output",
            PRINTS,
            () -> {
              LineCount count = new LineCount();
              kernel.whole(
                  "execute_request",
                  print,
                  message ->
                      count.add(message.at("/header/msg_type").asText(), message.path("content")));
              count.check();
            })
        .print();
  }

  private static ObjectNode cell(String code) {
    return JSON.createObjectNode()
        .put("code", code)
        .put("silent", false)
        .put("store_history", true)
        .put("allow_stdin", false)
        .put("stop_on_error", true)
        .set("user_expressions", JSON.createObjectNode());
  }

  private void throughJupyterServer(URI gateway) throws Exception {
    Optional<String> python = pythonWith("jupyter_server");
    if (python.isEmpty()) {
      System.out.println("Jupyter Server: left out; ./mvnw verify installs a Python that has it");
      return;
    }
    int port = freePort();
    Path jupyter = folder.resolve("jupyter");
    try (ChildProcess server =
        new ChildProcess(
            List.of(
                python.get(),
                "-m",
                "jupyter_server",
                "--allow-root",
                "--ip=127.0.0.1",
                "--port=" + port,
                "--IdentityProvider.token=",
                "--ServerApp.disable_check_xsrf=True",
                "--ServerApp.root_dir=" + folder,
                "--gateway-url=" + gateway),
            Map.of(
                "JUPYTER_CONFIG_DIR", jupyter.resolve("config").toString(),
                "JUPYTER_DATA_DIR", jupyter.resolve("data").toString(),
                "JUPYTER_RUNTIME_DIR", jupyter.resolve("runtime").toString()))) {
      awaitPort(port);
      try (WebSocketKernel kernel = new WebSocketKernel(URI.create("http://127.0.0.1:" + port))) {
        roundTrips("Jupyter Server, gateway", kernel);
      }
    }
  }

  /** Returns a Python with a module: that of the tests, or else the one on the PATH. */
  private Optional<String> pythonWith(String module) throws IOException, InterruptedException {
    for (String python :
        List.of(home.resolve("tests/target/python/bin/python").toString(), "python3")) {
      try {
        Process process =
            new ProcessBuilder(python, "-c", "import " + module)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0) {
          return Optional.of(python);
        }
        process.destroyForcibly();
      } catch (IOException e) {
        continue;
      }
    }
    return Optional.empty();
  }

  private static ConnectionFile onFreePorts(String kernelName) throws IOException {
    return ConnectionFile.onLoopback(kernelName)
        .withPorts(freePort(), freePort(), freePort(), freePort(), freePort());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
