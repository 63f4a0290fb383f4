package io.polybius.session;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.session.Journal.Change;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import io.polybius.session.spi.RunningDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The drivers of a session: the one that it has or that is on its way, and those before it that
 * have not ended yet. Launches them, tells and asks the present one, lets only that one be heard,
 * and makes sure that each of them ends. Used in the session's tasks only.
 */
final class Drivers {

  /** Whose drivers they are; is told, in its tasks, what becomes of them. */
  interface Owner {

    /** The present driver says something that is not the answer to a question. */
    void driverSaid(DriverEvent event);

    /** The present driver is on its way. */
    void driverLaunched();

    /** The driver of an earlier server is there again. */
    void driverTakenBack();

    /** The cluster says something of the present driver's application. */
    void applicationChanged(ClusterApplication application);

    /** The present driver is of no more use. */
    void driverLost(String why);

    /** One that was no longer wanted is gone; it may have been the last. */
    void driverGone();
  }

  private static final Logger logger = LoggerFactory.getLogger(Drivers.class);

  /** After a driver's process has ended, how long its last words may still be on the wire. */
  private static final Duration LAST_WORDS = Duration.ofMillis(500);

  private static final byte[] NO_BYTES = new byte[0];

  private final int sessionId;
  private final SessionSettings checked;
  private final SessionLimits limits;
  private final ProcessLog log;
  private final Journal journal;
  private final Session.Environment environment;
  private final Tasks tasks;
  private final Owner owner;
  private final DriverTalk talk = new DriverTalk();
  private final Set<RunningDriver> living = new HashSet<>();
  private final List<Runnable> early = new ArrayList<>();
  private final Map<Integer, CompletableFuture<Optional<DriverEvent.Answer>>> questions =
      new HashMap<>();

  /** What the driver is to be told once it is taken back. */
  private final List<DriverCommand> untold = new ArrayList<>();

  private Optional<RunningDriver> present = Optional.empty();
  private int incarnation = 1;
  private boolean wanted;
  private int launchesUnderWay;

  /**
   * @param checked what to launch drivers with
   * @param log gets what they print
   */
  Drivers(
      int sessionId,
      SessionSettings checked,
      SessionLimits limits,
      ProcessLog log,
      Journal journal,
      Session.Environment environment,
      Tasks tasks,
      Owner owner) {
    this.sessionId = sessionId;
    this.checked = checked;
    this.limits = limits;
    this.log = log;
    this.journal = journal;
    this.environment = environment;
    this.tasks = tasks;
    this.owner = owner;
  }

  /** Returns the number of the driver that the session has, or is to have; counts from 1. */
  int incarnation() {
    return incarnation;
  }

  /** Returns whether the session has a driver. */
  boolean isThere() {
    return present.isPresent();
  }

  /** Returns whether a driver is being launched that is not there yet. */
  boolean isLaunching() {
    return launchesUnderWay > 0 && present.isEmpty();
  }

  /** Returns whether the present driver starts when its cluster has room for it. */
  boolean startsWhenAccepted() {
    return present.filter(RunningDriver::startsWhenAccepted).isPresent();
  }

  /** Returns whether the present driver can read the files of the server's machine. */
  boolean shareFiles() {
    return present.filter(RunningDriver::sharesFiles).isPresent();
  }

  /** Returns whether there is any driver, or may be one soon. */
  boolean anyLeft() {
    return present.isPresent() || !living.isEmpty() || launchesUnderWay > 0;
  }

  /** Takes over what an earlier server has kept, if it is about drivers. */
  void restore(Change change) {
    if (change instanceof Change.Became became) {
      incarnation = became.incarnation();
    } else if (change instanceof Change.Launched launched) {
      talk.begin(launched);
    } else if (change instanceof Change.Sent sent) {
      talk.sent(sent.command());
    } else if (change instanceof Change.Received received) {
      talk.received(received.sequence());
    }
  }

  /** Returns the changes that lead from nothing to what is the case. */
  List<Change> changes() {
    return talk.changes();
  }

  /** Returns the present driver's launch, if an earlier server has begun it. */
  Optional<LaunchSpec> begunBefore() {
    return Optional.of(spec()).filter(spec -> talk.isWith(incarnation));
  }

  private LaunchSpec spec() {
    return new LaunchSpec(sessionId, incarnation, checked);
  }

  /** Starts a driver, or takes one back. */
  private interface Launch {
    RunningDriver driver(LaunchSpec spec, Receiver receiver) throws LaunchException;
  }

  /** Launches the driver. */
  void launch() {
    if (incarnation > 1) {
      log.beginAnew("Driver " + incarnation + " of the session is launched.");
    }
    launch((spec, receiver) -> environment.launcher().launch(spec, receiver, log));
  }

  /** Takes the driver back that an earlier server has launched. */
  void takeBack() {
    LinkPosition position = talk.position();
    launch((spec, receiver) -> environment.launcher().reattach(spec, position, receiver, log));
  }

  private void launch(Launch how) {
    int launched = incarnation;
    wanted = true;
    launchesUnderWay++;
    early.clear();
    LaunchSpec spec = spec();
    Receiver receiver = new Receiver(launched);
    environment
        .threads()
        .launch(
            () -> {
              try {
                RunningDriver begun = how.driver(spec, receiver);
                tasks.run(() -> launched(launched, begun));
              } catch (LaunchException e) {
                logger.info("session {} has no driver: {}", sessionId, e.getMessage());
                tasks.run(() -> launchFailed(launched, e.getMessage()));
              } catch (RuntimeException | Error e) {
                logger.error("launching session {} failed", sessionId, e);
                tasks.run(() -> launchFailed(launched, "The launch failed: " + e));
              }
            },
            () -> tasks.run(() -> launchFailed(launched, "The server is shutting down.")));
  }

  private void launched(int launched, RunningDriver begun) {
    launchesUnderWay--;
    living.add(begun);
    begun.exited().thenAccept(how -> tasks.run(() -> exited(begun, how)));
    if (!isWanted(launched)) {
      end(begun);
      return;
    }
    present = Optional.of(begun);
    begun.follow(
        application ->
            tasks.run(
                () -> {
                  if (isPresent(begun)) {
                    owner.applicationChanged(application);
                  }
                }));
    if (!talk.isWith(launched)) {
      Change.Launched change = new Change.Launched(launched, begun.connection().sent());
      talk.begin(change);
      journal.note(change);
    } else {
      List<DriverCommand> meanwhile = List.copyOf(untold);
      untold.clear();
      meanwhile.forEach(command -> send(begun, command));
      owner.driverTakenBack();
    }
    owner.driverLaunched();
    for (Runnable event : List.copyOf(early)) {
      if (isPresent(begun)) {
        event.run();
      }
    }
    early.clear();
  }

  private void launchFailed(int launched, String why) {
    launchesUnderWay--;
    if (isWanted(launched)) {
      owner.driverLost(why);
    }
    owner.driverGone();
  }

  private void exited(RunningDriver which, String how) {
    living.remove(which);
    if (isPresent(which)) {
      tasks.later(
          LAST_WORDS,
          () -> {
            if (isPresent(which)) {
              owner.driverLost("The driver process ended: " + how);
            }
          });
    } else {
      which.connection().close();
      owner.driverGone();
    }
  }

  private boolean isWanted(int launched) {
    return wanted && launched == incarnation;
  }

  private boolean isPresent(RunningDriver which) {
    return present.filter(driver -> driver == which).isPresent();
  }

  /** Sends the driver a command when what led to it has been kept. */
  void tell(DriverCommand command) {
    if (journal.isKept() && talk.isWith(incarnation)) {
      present.map(RunningDriver::connection).ifPresent(talk::forgetAcknowledged);
      DriverCommand kept = worthKeeping(command);
      talk.sent(kept);
      journal.note(new Change.Sent(kept));
    }
    if (present.isEmpty()) {
      untold.add(command);
    } else {
      send(present.get(), command);
    }
  }

  /**
   * An upload does not outlive the server, so its pieces are not kept. Commands are numbered, so
   * something has to stand for each of them: a piece of nothing.
   */
  private static DriverCommand worthKeeping(DriverCommand command) {
    return command instanceof DriverCommand.AddFilePart part
        ? new DriverCommand.AddFilePart(part.requestId(), part.folder(), part.name(), NO_BYTES)
        : command;
  }

  private void send(RunningDriver driver, DriverCommand command) {
    tasks.afterwards(() -> driver.connection().send(command));
  }

  /**
   * Asks the driver something.
   *
   * @param number by which its answer will name the question
   * @param patience for the answer; none if it takes as long as the user's code does
   * @return completes with nothing when there is no such answer in time, or the driver is to end
   */
  <A extends DriverEvent.Answer> CompletionStage<Optional<A>> ask(
      int number, DriverCommand question, Optional<Duration> patience, Class<A> type) {
    CompletableFuture<Optional<DriverEvent.Answer>> answer = new CompletableFuture<>();
    tell(question);
    questions.put(number, answer);
    patience.ifPresent(time -> tasks.later(time, () -> answered(number, Optional.empty())));
    return answer.thenApply(given -> given.filter(type::isInstance).map(type::cast));
  }

  private void answered(int number, Optional<DriverEvent.Answer> answer) {
    Optional.ofNullable(questions.remove(number)).ifPresent(asked -> asked.complete(answer));
  }

  /** The next driver to launch takes the place of the present one. */
  void replace() {
    retire();
    incarnation++;
  }

  /** Has the present driver end, and the one that is on its way. */
  void retire() {
    wanted = false;
    if (launchesUnderWay > 0) {
      environment.launcher().giveUp(spec());
    }
    untold.clear();
    List.copyOf(questions.keySet()).forEach(number -> answered(number, Optional.empty()));
    Optional<RunningDriver> old = present;
    present = Optional.empty();
    old.ifPresent(this::end);
  }

  /** Asks a driver to end, and makes sure that it does. */
  private void end(RunningDriver old) {
    if (!living.contains(old)) {
      old.connection().close();
      return;
    }
    tasks.afterwards(() -> old.connection().send(new DriverCommand.Shutdown()));
    tasks.later(
        limits.stopGrace(),
        () -> {
          if (living.contains(old)) {
            old.kill();
          }
        });
  }

  /** Kills all drivers, without waiting for them to end by themselves. */
  void kill() {
    living.forEach(RunningDriver::kill);
  }

  /** Passes what a driver says on to tasks, as long as that driver is the session's. */
  private final class Receiver implements DriverConnection.Receiver<DriverEvent> {

    private final int from;

    Receiver(int from) {
      this.from = from;
    }

    @Override
    public void received(long sequence, DriverEvent event) {
      pass(
          () -> {
            DriverConnection<DriverCommand> sender = present.orElseThrow().connection();
            heard(event);
            talk.received(sequence);
            talk.forgetAcknowledged(sender);
            journal.note(new Change.Received(sequence));
            tasks.afterwards(() -> sender.kept(sequence));
          });
    }

    @Override
    public void closed(String reason) {
      pass(() -> owner.driverLost("The link to the driver has ended: " + reason));
    }

    /** A driver may be heard before its launch has returned; what it says waits for that. */
    private void pass(Runnable event) {
      tasks.run(
          () -> {
            if (!isWanted(from)) {
              return;
            }
            if (present.isEmpty()) {
              early.add(event);
            } else {
              event.run();
            }
          });
    }

    private void heard(DriverEvent event) {
      if (event instanceof DriverEvent.Answer answer) {
        answered(answer.requestId(), Optional.of(answer));
      } else {
        owner.driverSaid(event);
      }
    }
  }
}
