package io.polybius.kernel;

import io.polybius.driver.protocol.StatementError;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.SessionEvent;
import io.polybius.session.SessionListener;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.Statement;
import io.polybius.session.StatementState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a kernel go on from what an earlier server has left of it. The requests that were open are
 * open again. What the session tells of the time before is kept until all of it is there: then the
 * kernel comes to the state in which the earlier server was, without a word, and tells its clients
 * what followed. From there on it follows its session as any kernel does.
 *
 * <p>The events come from the session's mailbox, which alone uses the list of them; what they do to
 * the kernel happens under the kernel's lock.
 */
final class Takeover implements SessionListener {

  private static final Logger log = LoggerFactory.getLogger(Takeover.class);

  private final Kernel kernel;
  private final KernelJournal journal;
  private final Voice voice;
  private final Executions executions;
  private final List<SessionEvent> missed = new ArrayList<>();
  private boolean done;

  /**
   * Makes one for a kernel that has done nothing yet.
   *
   * @param journal what the earlier server has kept of it
   */
  Takeover(Kernel kernel, KernelJournal journal, Voice voice, Executions executions) {
    this.kernel = kernel;
    this.journal = journal;
    this.voice = voice;
    this.executions = executions;
  }

  /**
   * Opens the requests again that are not answered. Used under the kernel's lock.
   *
   * @param clients those who are there again, by their names
   */
  void restoreRequests(Map<String, KernelConnection> clients) {
    journal
        .open()
        .forEach(
            (key, open) -> {
              try {
                executions.restore(
                    key,
                    new Request(
                        open.message(),
                        clients.getOrDefault(open.client(), KernelConnection.NOBODY)),
                    open.message().contentAs(RequestContent.Execute.class));
              } catch (MalformedMessageException e) {
                log.warn("kernel {} forgets a request: {}", kernel.id(), e.getMessage());
                journal.answered(key);
              }
            });
  }

  @Override
  public void onEvent(SessionEvent event) {
    if (done) {
      kernel.onEvent(event);
    } else {
      missed.add(event);
    }
  }

  @Override
  public void onCaughtUp(long sequence, SessionSnapshot now) {
    done = true;
    synchronized (kernel) {
      catchUp(now);
    }
    missed.clear();
  }

  private void catchUp(SessionSnapshot now) {
    long told = journal.told();
    voice.setMuted(true);
    missed.stream().filter(event -> event.sequence() <= told).forEach(kernel::handle);
    begunUntold(now).forEach(executions::hadBegun);
    voice.setMuted(false);
    if (!missed.isEmpty() && missed.get(0).sequence() > told + 1) {
      executions.sayThatOutputIsMissing();
    }
    kernel.onCaughtUp(now);
    missed.stream().filter(event -> event.sequence() > told).forEach(kernel::onEvent);
    submitUnknown(now);
  }

  /** Returns the statements of whose beginning the session tells no more. */
  private List<Statement> begunUntold(SessionSnapshot now) {
    Map<Integer, Statement> begun = new LinkedHashMap<>();
    now.statements().forEach(statement -> begun.put(statement.id(), statement));
    for (SessionEvent event : missed) {
      if (event instanceof SessionEvent.OutputAdded added) {
        begun.putIfAbsent(added.statement().id(), added.statement());
      }
    }
    for (SessionEvent event : missed) {
      // Of these, all is told that there is to tell.
      if (event instanceof SessionEvent.StatementChanged changed
          && changed.statement().state() == StatementState.WAITING) {
        begun.remove(changed.statement().id());
      }
    }
    return begun.values().stream().filter(statement -> statement.startedMillis() > 0).toList();
  }

  /** The earlier server has received these requests, but its session knows of no such statement. */
  private void submitUnknown(SessionSnapshot now) {
    Set<String> known =
        Stream.concat(now.statements().stream(), missed.stream().flatMap(Takeover::statement))
            .map(statement -> statement.origin().request())
            .collect(Collectors.toSet());
    executions
        .contents()
        .forEach(
            (key, content) -> {
              if (!known.contains(key)) {
                submitLate(key, content);
              }
            });
  }

  private static Stream<Statement> statement(SessionEvent event) {
    if (event instanceof SessionEvent.StatementChanged changed) {
      return Stream.of(changed.statement());
    }
    return event instanceof SessionEvent.OutputAdded added
        ? Stream.of(added.statement())
        : Stream.empty();
  }

  private void submitLate(String key, RequestContent.Execute content) {
    if (content.storeHistory()) {
      kernel.submit(key, content);
    } else {
      // It may have been run all the same: it would be in no history.
      executions.refused(
          key,
          new StatementError(
              StatementError.Origin.DRIVER,
              "ServerRestarted",
              "The server was restarted; it is not known whether this was run.",
              List.of()));
    }
  }
}
