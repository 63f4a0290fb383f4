package io.polybius.session.testing;

import io.polybius.driver.protocol.Candidate;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.session.spi.RunningDriver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A driver in memory that does what a test tells it. Commands are answered by a script, or
 * collected until the test asks for them. It keeps what it says until the server has kept it, and
 * says it again to a server that takes it back.
 */
public final class ScriptedDriver implements RunningDriver {

  private static final List<String> TINY_WORDS =
      List.of("display", "fail", "print", "value", "wait", "warn");

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

  /** What a driver does when a command comes. */
  public interface Script {

    /** Does nothing but keep the command for {@link ScriptedDriver#nextCommand}. */
    Script COLLECT = (driver, command) -> {};

    /**
     * A small language: {@code print TEXT}, {@code warn TEXT}, {@code value TEXT}, {@code display
     * TYPE TEXT}, {@code fail TEXT} and {@code wait} (until cancelled), one to a line. Texts that
     * end with an opening brace are incomplete; a word can be completed to one of these.
     */
    Script TINY = ScriptedDriver::runTiny;

    /** Called on the thread that sent the command. */
    void onCommand(ScriptedDriver driver, DriverCommand command);
  }

  ScriptedDriver(DriverConnection.Receiver<DriverEvent> server, Script script) {
    this.server = Optional.of(server);
    this.script = script;
  }

  /** Tells the server something. */
  public synchronized void say(DriverEvent event) {
    unkept.add(event);
    server.ifPresent(there -> there.received(keptEvents + unkept.size(), event));
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
      driver.run(execute.statementId(), execute.code());
    } else if (command instanceof DriverCommand.Cancel cancel) {
      driver.say(
          new DriverEvent.StatementFailed(
              cancel.statementId(),
              new StatementError(
                  StatementError.Origin.INTERRUPT,
                  "Interrupted",
                  "The statement was interrupted.",
                  List.of())));
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
            .map(Candidate::of)
            .toList(),
        start,
        question.cursor());
  }

  private void run(int id, String code) {
    for (String line : code.split("\n", -1)) {
      String[] words = line.split(" ", 3);
      String text = line.substring(Math.min(line.length(), words[0].length() + 1));
      switch (words[0]) {
        case "print" -> put(id, new StatementOutput.StreamText(StreamName.STDOUT, text + "\n"));
        case "warn" -> put(id, new StatementOutput.StreamText(StreamName.STDERR, text + "\n"));
        case "value" -> {
          put(id, new StatementOutput.Echo("res" + id + ": Int = " + text + "\n"));
          put(id, new StatementOutput.Value(MimeBundle.text(text)));
        }
        case "display" ->
            put(
                id,
                new StatementOutput.Display(new MimeBundle(List.of()).with(words[1], words[2])));
        case "fail" -> {
          say(
              new DriverEvent.StatementFailed(
                  id,
                  new StatementError(
                      StatementError.Origin.USER_CODE,
                      "java.lang.RuntimeException",
                      text,
                      List.of("  at .run(<console>:1)"))));
          return;
        }
        case "wait" -> {
          return;
        }
        default -> {}
      }
    }
    say(new DriverEvent.StatementSucceeded(id));
  }

  private void put(int id, StatementOutput output) {
    say(new DriverEvent.StatementPutOut(id, output));
  }
}
