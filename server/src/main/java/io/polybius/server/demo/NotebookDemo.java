package io.polybius.server.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.client.ExecuteOptions;
import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.server.client.ServerClient;
import io.polybius.server.demo.Notebook.Cell;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Opens a session on a server through REST, runs notebooks on it through Jupyter's sockets, and
 * then looks at the same session through REST again.
 */
public final class NotebookDemo {

  private static final Duration START_TIME = Duration.ofMinutes(10);
  private static final Duration CELL_TIME = Duration.ofMinutes(10);
  private static final long PROGRESS_SECONDS = 2;
  private static final int SHOWN_STATEMENTS = 5;
  private static final int SHOWN_CHARS = 60;

  private final ServerClient server;
  private final Path notebooks;
  private final List<String> names;
  private final Screen screen;

  /**
   * Makes a demonstration.
   *
   * @param server where to open the session
   * @param notebooks the folder of the notebooks
   * @param names the files of those to run; none for all
   * @param screen where to show them
   */
  public NotebookDemo(ServerClient server, Path notebooks, List<String> names, Screen screen) {
    this.server = server;
    this.notebooks = notebooks;
    this.names = List.copyOf(names);
    this.screen = screen;
  }

  /**
   * Runs it; the session ends with it.
   *
   * @return whether every cell ran well
   * @throws IOException if the server does not do its part; the message is for the user
   */
  public boolean run() throws IOException, InterruptedException {
    List<Notebook> all = chosen();
    screen.title("A session, opened through REST");
    JsonNode opened = server.post("/sessions", object().put("kind", "spark"));
    String session = "/sessions/" + opened.path("id").asInt();
    screen.say("POST /sessions -> " + session + ", " + opened.path("state").asText());
    boolean good = false;
    try (KernelClient client = connect(session)) {
      startSpark(client, session);
      good = runAll(all, client);
      if (good) {
        showThroughRest(client, session);
      }
    } catch (TimeoutException e) {
      throw new IOException(e.getMessage(), e);
    } catch (IOException e) {
      if (!isDead(server.get(session))) {
        throw e;
      }
      screen.error("The session is dead. Its log:");
      server.get(session + "/log").path("log").forEach(line -> screen.error(line.asText()));
    }
    server.delete(session);
    screen.say("DELETE " + session);
    return good;
  }

  private List<Notebook> chosen() throws IOException {
    List<Notebook> all = Notebook.readAll(notebooks, "scala");
    List<String> unknown = new ArrayList<>(names);
    all.forEach(notebook -> unknown.remove(notebook.name()));
    if (!unknown.isEmpty()) {
      throw new IOException(
          "There is no Scala notebook %s in %s.".formatted(String.join(", ", unknown), notebooks));
    }
    return all.stream()
        .filter(notebook -> names.isEmpty() || names.contains(notebook.name()))
        .toList();
  }

  private KernelClient connect(String session) throws IOException, InterruptedException {
    JsonNode kernel = server.post(session + "/kernel", object());
    Path connectionFile = Path.of(kernel.path("connection_file").asText());
    screen.say("POST " + session + "/kernel -> " + connectionFile);
    return new KernelClient(ConnectionFile.read(connectionFile));
  }

  /** Waits with a statement that leaves no trace, and says so now and then. */
  private void startSpark(KernelClient client, String session)
      throws IOException, InterruptedException {
    screen.title("Spark starts");
    long begun = System.nanoTime();
    boolean told = false;
    ExecutorService waiter = Executors.newSingleThreadExecutor(task -> new Thread(task, "demo"));
    try {
      Future<JupyterMessage> ready =
          waiter.submit(
              () -> client.execute("spark", ExecuteOptions.SILENT, message -> {}, START_TIME));
      while (true) {
        try {
          JupyterMessage reply = ready.get(PROGRESS_SECONDS, TimeUnit.SECONDS);
          if (!isOk(reply)) {
            throw new IOException(reply.content().path("evalue").asText());
          }
          screen.say("ready after " + seconds(begun) + " s");
          if (!told) {
            tellApplication(server.get(session));
          }
          return;
        } catch (TimeoutException e) {
          JsonNode state = server.get(session);
          // A driver that fails at once takes its kernel's sockets along, perhaps unasked.
          if (isDead(state)) {
            throw new IOException("Spark did not start", e);
          }
          told = told || tellApplication(state);
          screen.progress("starting, " + seconds(begun) + " s" + newest(state));
        }
      }
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e);
    } finally {
      waiter.shutdownNow();
    }
  }

  /** Returns what its log says last of a launch, to be added to a text. */
  private static String newest(JsonNode session) {
    JsonNode log = session.path("log");
    String line = log.path(log.size() - 1).asText().strip();
    return line.isEmpty() || line.endsWith(":") ? "" : ": " + line;
  }

  private static boolean isDead(JsonNode session) {
    return List.of("dead", "killed").contains(session.path("state").asText());
  }

  /** Says where the session runs, and returns whether that is known. */
  private boolean tellApplication(JsonNode session) {
    if (!session.path("appId").isTextual()) {
      return false;
    }
    JsonNode link = session.at("/appInfo/sparkUiUrl");
    screen.say(
        "application "
            + session.path("appId").asText()
            + (link.isTextual() ? ", to be watched at " + link.asText() : ""));
    return true;
  }

  private boolean runAll(List<Notebook> all, KernelClient client)
      throws TimeoutException, InterruptedException {
    for (Notebook notebook : all) {
      screen.title(notebook.name() + ", through Jupyter's sockets");
      for (Cell cell : notebook.cells()) {
        if (!cell.isCode()) {
          screen.prose(cell.source());
        } else if (!run(cell.source(), client) && !cell.mayFail()) {
          screen.error("This cell failed.");
          return false;
        }
      }
    }
    return true;
  }

  private boolean run(String code, KernelClient client)
      throws TimeoutException, InterruptedException {
    screen.code(code);
    return isOk(client.execute(code, ExecuteOptions.CELL, this::show, CELL_TIME));
  }

  private void show(JupyterMessage message) {
    JsonNode content = message.content();
    switch (message.type()) {
      case "stream" -> screen.stream(content.path("text").asText());
      case "execute_result", "display_data" ->
          screen.result(content.path("data").path("text/plain").asText());
      case "error" -> {
        List<String> lines = new ArrayList<>();
        content.path("traceback").forEach(line -> lines.add(line.asText()));
        screen.error(String.join("\n", lines));
      }
      default -> {}
    }
  }

  private void showThroughRest(KernelClient client, String session)
      throws IOException, InterruptedException, TimeoutException {
    screen.title("The same session, through REST");
    JsonNode state = server.get(session);
    screen.say(
        "GET %s -> %s, application %s"
            .formatted(session, state.path("state").asText(), state.path("appId").asText()));
    JsonNode sent =
        server.post(
            session + "/statements",
            object().put("code", "s\"REST and Jupyter share ${sc.applicationId}\""));
    // Statements run one after the other: when this one has ended, so has the one before it.
    client.execute("()", ExecuteOptions.SILENT, message -> {}, CELL_TIME);
    String path = session + "/statements/" + sent.path("id").asInt();
    screen.say("POST " + session + "/statements -> " + path);
    screen.say("GET " + path);
    screen.result(server.get(path).path("output").path("data").path("text/plain").asText());
    JsonNode statements = server.get(session + "/statements");
    int total = statements.path("total_statements").asInt();
    screen.say("GET %s/statements -> %d statements, the last ones:".formatted(session, total));
    for (int i = Math.max(0, total - SHOWN_STATEMENTS); i < total; i++) {
      screen.result(line(statements.path("statements").path(i)));
    }
  }

  private static String line(JsonNode statement) {
    JsonNode data = statement.path("output").path("data");
    return "%3d  %s  %-34s  %s"
        .formatted(
            statement.path("id").asInt(),
            statement.path("state").asText(),
            data.fieldNames().hasNext() ? data.fieldNames().next() : "",
            firstLine(statement.path("code").asText()));
  }

  private static String firstLine(String text) {
    String line = text.lines().findFirst().orElse("");
    return line.length() > SHOWN_CHARS ? line.substring(0, SHOWN_CHARS) + "…" : line;
  }

  private static boolean isOk(JupyterMessage reply) {
    return reply.content().path("status").asText().equals("ok");
  }

  private static long seconds(long sinceNanos) {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - sinceNanos);
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }
}
