package io.polybius.session.testing;

import io.polybius.driver.protocol.Candidate;
import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ExecuteOptions;
import io.polybius.driver.protocol.ExpressionResult;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.ClusterApplication;
import io.polybius.session.spi.RunningDriver;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A driver in memory that does what a test tells it. Commands are answered by a script, or
 * collected until the test asks for them. It keeps what it says until the server has kept it, and
 * says it again to a server that takes it back.
 */
public final class ScriptedDriver implements RunningDriver {

  private static final List<String> TINY_WORDS =
      List.of("display", "fail", "print", "value", "wait", "warn");

  private static final String TINY_TARGET = "echo";

  /** Guarded by this, like all that is about the link; empty while there is no server. */
  private Optional<DriverConnection.Receiver<DriverEvent>> server;

  private final Deque<DriverEvent> unkept = new ArrayDeque<>();
  private long keptEvents;
  private long receivedCommands;
  private final CompletableFuture<String> exited = new CompletableFuture<>();
  private final CompletableFuture<Void> linkClosed = new CompletableFuture<>();
  private final BlockingQueue<DriverCommand> commands = new LinkedBlockingQueue<>();
  private final Script script;
  private final Connection connection = new Connection();

  /** Told of the driver's application, of which the latest is kept; both guarded by this. */
  private final List<Consumer<ClusterApplication>> followers = new ArrayList<>();

  private Optional<ClusterApplication> application = Optional.empty();
  private volatile boolean onCluster;
  private volatile boolean elsewhere;
  private final Deque<DriverCommand.AddResource> resources = new ConcurrentLinkedDeque<>();

  /** What the statement does that waits for input, when it has got that. */
  private final AtomicReference<Consumer<String>> afterInput = new AtomicReference<>(line -> {});

  /** What a driver does when a command comes. */
  public interface Script {

    /** Does nothing but keep the command for {@link ScriptedDriver#nextCommand}. */
    Script COLLECT = (driver, command) -> {};

    /**
     * A small language, one command to a line:
     *
     * <ul>
     *   <li>{@code print TEXT}, {@code warn TEXT}, {@code value TEXT}, {@code display TYPE TEXT}
     *   <li>{@code show ID TEXT} displays a text under a name, {@code update ID TEXT} changes it
     *   <li>{@code clear}, and {@code clear later}
     *   <li>{@code page TEXT}, {@code next TEXT} for the user's next statement, {@code instead
     *       TEXT} in place of this one
     *   <li>{@code jobs TASKS OF-TASKS STAGES OF-STAGES} reports progress
     *   <li>{@code ask PROMPT} and {@code secret PROMPT} wait for input, and print what comes
     *   <li>{@code comm open|send|close ID TEXT} sends a message of a comm, to the target {@code
     *       echo} if it opens one
     *   <li>{@code fail TEXT}, and {@code wait} until cancelled
     * </ul>
     *
     * <p>The table of each statement is a line that tells its format and number. Texts that end
     * with an opening brace are incomplete; a word can be completed to a command, and inspected if
     * it is one. Comms to the target {@code echo} send back what they get; others are closed. What
     * is added can be used, unless its URI ends with {@code missing}. Expressions have their own
     * text as their value, but fail when that begins with {@code fail}.
     *
     * <p>Jobs of either kind are texts in the same way: {@code return TEXT} has the text's bytes as
     * the result, and {@code jobs}, {@code fail} and {@code wait} are as above. One that ends
     * otherwise returns null.
     */
    Script TINY = ScriptedDriver::runTiny;

    /** Called on the thread that sent the command. */
    void onCommand(ScriptedDriver driver, DriverCommand command);
  }

  ScriptedDriver(DriverConnection.Receiver<DriverEvent> server, Script script) {
    this.server = Optional.of(server);
    this.script = script;
  }

  /** Lets the driver be one that its cluster starts when it has room. */
  public void waitsForItsCluster() {
    onCluster = true;
  }

  /** Lets the driver be one that cannot read the server's files. */
  public void isElsewhere() {
    elsewhere = true;
  }

  /** Returns what was added, oldest first. */
  public List<DriverCommand.AddResource> resources() {
    return List.copyOf(resources);
  }

  /** Lets the driver's cluster say something of its application. */
  public synchronized void application(ClusterApplication told) {
    application = Optional.of(told);
    followers.forEach(follower -> follower.accept(told));
  }

  @Override
  public synchronized void follow(Consumer<ClusterApplication> listener) {
    followers.add(listener);
    application.ifPresent(listener);
  }

  @Override
  public boolean startsWhenAccepted() {
    return onCluster;
  }

  @Override
  public boolean sharesFiles() {
    return !elsewhere;
  }

  /** Tells the server something. */
  public synchronized void say(DriverEvent event) {
    unkept.add(event);
    server.ifPresent(there -> there.received(keptEvents + unkept.size(), event));
  }

  /** Puts out what a statement prints. */
  public void print(int statement, String text) {
    put(statement, new StatementOutput.StreamText(StreamName.STDOUT, text));
  }

  /** The server is gone, or does not hear for some other reason. */
  public synchronized void disconnect() {
    server = Optional.empty();
  }

  /** Lets another server take the driver over. */
  void connect(DriverConnection.Receiver<DriverEvent> next, LinkPosition position) {
    synchronized (this) {
      forget(position.received());
      server = Optional.of(next);
      long sequence = keptEvents;
      for (DriverEvent event : List.copyOf(unkept)) {
        next.received(++sequence, event);
      }
    }
    long number = position.sent();
    for (DriverCommand command : position.commands()) {
      if (++number > commandCount()) {
        connection.send(command);
      }
    }
  }

  private synchronized long commandCount() {
    return receivedCommands;
  }

  private synchronized void forget(long kept) {
    while (keptEvents < kept && !unkept.isEmpty()) {
      unkept.remove();
      keptEvents++;
    }
  }

  /** Reports that Spark is up. */
  public void ready() {
    say(new DriverEvent.DriverReady("3.5.5", "2.12.18", "local-1", "http://localhost:4040"));
  }

  /** Returns the next command that came, waiting a few seconds for it. */
  public DriverCommand nextCommand() throws InterruptedException {
    DriverCommand next = commands.poll(5, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no command came");
    }
    return next;
  }

  /** Returns the next command, or null if none has come. */
  public DriverCommand commandIfAny() {
    return commands.poll();
  }

  /** Returns the next command, which must be of that type. */
  public <T extends DriverCommand> T nextCommand(Class<T> type) throws InterruptedException {
    return type.cast(nextCommand());
  }

  /** Ends the process. */
  public void exit(String how) {
    exited.complete(how);
  }

  /** Cuts the link for good. */
  public void cut(String reason) {
    Optional<DriverConnection.Receiver<DriverEvent>> there;
    synchronized (this) {
      there = server;
    }
    there.ifPresent(receiver -> receiver.closed(reason));
  }

  /** Completes when the server has closed the link. */
  public CompletionStage<Void> linkClosed() {
    return linkClosed;
  }

  @Override
  public DriverConnection<DriverCommand> connection() {
    return connection;
  }

  @Override
  public CompletionStage<String> exited() {
    return exited;
  }

  @Override
  public void kill() {
    exit("killed");
  }

  private final class Connection implements DriverConnection<DriverCommand> {
    @Override
    public void send(DriverCommand command) {
      synchronized (ScriptedDriver.this) {
        receivedCommands++;
      }
      commands.add(command);
      script.onCommand(ScriptedDriver.this, command);
    }

    @Override
    public long sent() {
      return commandCount();
    }

    @Override
    public long acknowledged() {
      return commandCount();
    }

    @Override
    public void kept(long sequence) {
      forget(sequence);
    }

    @Override
    public void close() {
      linkClosed.complete(null);
    }
  }

  private static void runTiny(ScriptedDriver driver, DriverCommand command) {
    if (command instanceof DriverCommand.Execute execute) {
      driver.run(execute, List.of(execute.code().split("\n", -1)));
    } else if (command instanceof DriverCommand.AnswerInput answer) {
      driver.afterInput.getAndSet(line -> {}).accept(answer.text());
    } else if (command instanceof DriverCommand.Inspect inspect) {
      driver.say(inspected(inspect));
    } else if (command instanceof DriverCommand.HandleComm handle) {
      driver.handle(handle);
    } else if (command instanceof DriverCommand.Cancel cancel) {
      driver.afterInput.set(line -> {});
      driver.say(
          new DriverEvent.StatementFailed(
              cancel.statementId(),
              new StatementError(
                  StatementError.Origin.INTERRUPT,
                  "Interrupted",
                  "The statement was interrupted.",
                  List.of())));
    } else if (command instanceof DriverCommand.RunJob job) {
      driver.say(new DriverEvent.JobStarted(job.jobId()));
      driver.run(job.jobId(), new String(job.payload(), StandardCharsets.UTF_8));
    } else if (command instanceof DriverCommand.CancelJob cancel) {
      driver.say(new DriverEvent.JobCancelled(cancel.jobId()));
    } else if (command instanceof DriverCommand.SendResult send) {
      String text = send.format() + " of " + send.source() + "\n";
      driver.say(
          new DriverEvent.ResultPart(send.downloadId(), text.getBytes(StandardCharsets.UTF_8)));
      driver.say(new DriverEvent.ResultEnded(send.downloadId()));
    } else if (command instanceof DriverCommand.AddResource add) {
      driver.resources.add(add);
      driver.say(
          new DriverEvent.ResourceAdded(
              add.requestId(), add.uri().endsWith("missing") ? "There is no such file." : ""));
    } else if (command instanceof DriverCommand.AddFilePart part) {
      driver.say(
          new DriverEvent.FilePartTaken(
              part.requestId(), "file:/there/" + part.folder() + "/" + part.name(), ""));
    } else if (command instanceof DriverCommand.CheckCompleteness check) {
      boolean open = check.code().endsWith("{");
      driver.say(
          new DriverEvent.CompletenessChecked(
              check.requestId(),
              open ? Completeness.INCOMPLETE : Completeness.COMPLETE,
              open ? "  " : ""));
    } else if (command instanceof DriverCommand.Complete complete) {
      driver.say(completed(complete));
    } else if (command instanceof DriverCommand.Shutdown) {
      driver.exit("exit code 0");
    }
  }

  private static DriverEvent.Completed completed(DriverCommand.Complete question) {
    String before = question.code().substring(0, question.cursor());
    int start = Math.max(before.lastIndexOf('\n'), before.lastIndexOf(' ')) + 1;
    return new DriverEvent.Completed(
        question.requestId(),
        TINY_WORDS.stream()
            .filter(word -> word.startsWith(before.substring(start)))
            .map(word -> new Candidate(word, "keyword", word + " TEXT"))
            .toList(),
        start,
        question.cursor());
  }

  private static DriverEvent.Inspected inspected(DriverCommand.Inspect question) {
    String code = question.code();
    int end = code.indexOf(' ', question.cursor());
    String before = code.substring(0, end < 0 ? code.length() : end);
    String word = before.substring(before.lastIndexOf(' ') + 1);
    return TINY_WORDS.contains(word)
        ? new DriverEvent.Inspected(
            question.requestId(),
            true,
            MimeBundle.text("the command " + word + (question.detailed() ? ", in detail" : "")))
        : new DriverEvent.Inspected(question.requestId(), false, new MimeBundle(List.of()));
  }

  private void handle(DriverCommand.HandleComm command) {
    CommMessage message = command.message();
    boolean refused =
        message.step() == CommMessage.Step.OPEN && !message.targetName().equals(TINY_TARGET);
    if (refused || message.step() == CommMessage.Step.MESSAGE) {
      say(
          new DriverEvent.CommSent(
              command.requestId(),
              new CommMessage(
                  refused ? CommMessage.Step.CLOSE : CommMessage.Step.MESSAGE,
                  message.commId(),
                  "",
                  message.data(),
                  message.metadata(),
                  message.buffers())));
    }
    say(new DriverEvent.CommHandled(command.requestId()));
  }

  private void run(DriverCommand.Execute statement, List<String> lines) {
    int id = statement.statementId();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      String[] words = line.split(" ", 3);
      String text = line.substring(Math.min(line.length(), words[0].length() + 1));
      switch (words[0]) {
        case "print" -> print(id, text + "\n");
        case "warn" -> put(id, new StatementOutput.StreamText(StreamName.STDERR, text + "\n"));
        case "value" -> {
          put(id, new StatementOutput.Echo("res" + id + ": Int = " + text + "\n"));
          put(id, new StatementOutput.Value(MimeBundle.text(text)));
        }
        case "display" ->
            put(
                id,
                new StatementOutput.Display(new MimeBundle(List.of()).with(words[1], words[2])));
        case "show" -> put(id, new StatementOutput.Display(MimeBundle.text(words[2]), words[1]));
        case "update" ->
            put(id, new StatementOutput.DisplayUpdate(MimeBundle.text(words[2]), words[1]));
        case "clear" -> put(id, new StatementOutput.Clear(text.equals("later")));
        case "page" -> put(id, new StatementOutput.Page(MimeBundle.text(text)));
        case "next" -> put(id, new StatementOutput.NextInput(text, false));
        case "instead" -> put(id, new StatementOutput.NextInput(text, true));
        case "jobs" -> {
          int[] counts = Stream.of(text.split(" ", -1)).mapToInt(Integer::parseInt).toArray();
          say(new DriverEvent.StatementProgressed(id, counts[0], counts[1], counts[2], counts[3]));
        }
        case "comm" -> say(new DriverEvent.CommSent(-1, comm(text.split(" ", 3))));
        case "ask", "secret" -> {
          List<String> rest = lines.subList(i + 1, lines.size());
          afterInput.set(
              answer -> {
                print(id, answer + "\n");
                run(statement, rest);
              });
          say(new DriverEvent.InputRequested(id, text, words[0].equals("secret")));
          return;
        }
        case "fail" -> {
          say(new DriverEvent.StatementFailed(id, failure(text)));
          return;
        }
        case "wait" -> {
          return;
        }
        default -> {}
      }
    }
    say(
        new DriverEvent.StatementSucceeded(
            id, statement.options().expressions().stream().map(ScriptedDriver::value).toList()));
  }

  private void run(int job, String program) {
    for (String line : program.split("\n", -1)) {
      String[] words = line.split(" ", 2);
      switch (words[0]) {
        case "jobs" -> {
          int[] counts = Stream.of(words[1].split(" ", -1)).mapToInt(Integer::parseInt).toArray();
          say(new DriverEvent.JobProgressed(job, counts[0], counts[1], counts[2], counts[3]));
        }
        case "return" -> {
          byte[] result = words[1].getBytes(StandardCharsets.UTF_8);
          say(new DriverEvent.JobSucceeded(job, true, result));
          return;
        }
        case "fail" -> {
          say(new DriverEvent.JobFailed(job, words[1]));
          return;
        }
        case "wait" -> {
          return;
        }
        default -> {}
      }
    }
    say(new DriverEvent.JobSucceeded(job, false, new byte[0]));
  }

  private static CommMessage comm(String[] words) {
    CommMessage.Step step =
        switch (words[0]) {
          case "open" -> CommMessage.Step.OPEN;
          case "send" -> CommMessage.Step.MESSAGE;
          default -> CommMessage.Step.CLOSE;
        };
    return new CommMessage(
        step,
        words[1],
        step == CommMessage.Step.OPEN ? TINY_TARGET : "",
        "{\"text\":\"" + words[2] + "\"}",
        "{}",
        List.of(new byte[] {1, 2, 3}));
  }

  private static ExpressionResult value(ExecuteOptions.Expression expression) {
    return expression.code().startsWith("fail")
        ? new ExpressionResult.NotEvaluated(expression.name(), failure(expression.code()))
        : new ExpressionResult.Evaluated(expression.name(), MimeBundle.text(expression.code()));
  }

  private static StatementError failure(String text) {
    return new StatementError(
        StatementError.Origin.USER_CODE,
        "java.lang.RuntimeException",
        text,
        List.of("  at .run(<console>:1)"));
  }

  private void put(int id, StatementOutput output) {
    say(new DriverEvent.StatementPutOut(id, output));
  }
}
