package io.polybius.rest;

import io.polybius.driver.protocol.StatementOutput;
import io.polybius.session.JobState;
import io.polybius.session.SessionEvent;
import io.polybius.session.SessionEvent.JobChanged;
import io.polybius.session.SessionEvent.OutputAdded;
import io.polybius.session.SessionEvent.SessionChanged;
import io.polybius.session.SessionEvent.StatementChanged;
import io.polybius.session.SessionSnapshot;
import io.polybius.session.Statement;
import io.polybius.session.StatementState;
import java.util.Optional;

/** What a client follows: a session with all its statements and jobs, or one of them. */
sealed interface EventSubject {

  /** Returns whether an event is about it, and for everybody to see. */
  boolean isIn(SessionEvent event);

  /** Returns whether nothing can have happened to it before that event. */
  boolean beginsWith(SessionEvent event);

  /** Returns whether nothing can happen to it after that event. */
  boolean endsWith(SessionEvent event);

  /** Returns whether nothing can happen to it any more. */
  boolean isOver(SessionSnapshot session);

  /** Returns an event that says how it is; none if it has been forgotten. */
  Optional<SessionEvent> asItIs(long sequence, SessionSnapshot session);

  /** A session with all its statements and jobs. */
  record WholeSession() implements EventSubject {

    @Override
    public boolean isIn(SessionEvent event) {
      return event instanceof SessionChanged
          || event instanceof JobChanged
          || statement(event).map(statement -> !statement.isHidden()).orElse(false);
    }

    @Override
    public boolean beginsWith(SessionEvent event) {
      return event.sequence() == 1;
    }

    @Override
    public boolean endsWith(SessionEvent event) {
      return event instanceof SessionChanged changed && isOver(changed.session());
    }

    @Override
    public boolean isOver(SessionSnapshot session) {
      return session.state().isTerminal();
    }

    @Override
    public Optional<SessionEvent> asItIs(long sequence, SessionSnapshot session) {
      return Optional.of(new SessionChanged(sequence, session));
    }
  }

  /** One statement. */
  record OneStatement(int id) implements EventSubject {

    @Override
    public boolean isIn(SessionEvent event) {
      return statement(event).map(statement -> statement.id() == id).orElse(false);
    }

    @Override
    public boolean beginsWith(SessionEvent event) {
      return event instanceof StatementChanged changed
          && changed.statement().id() == id
          && changed.statement().state() == StatementState.WAITING;
    }

    @Override
    public boolean endsWith(SessionEvent event) {
      return event instanceof StatementChanged changed
          && changed.statement().id() == id
          && changed.statement().state().isTerminal();
    }

    @Override
    public boolean isOver(SessionSnapshot session) {
      return session.statement(id).map(found -> found.state().isTerminal()).orElse(true);
    }

    @Override
    public Optional<SessionEvent> asItIs(long sequence, SessionSnapshot session) {
      return session.statement(id).map(found -> new StatementChanged(sequence, found));
    }
  }

  /** One job. */
  record OneJob(int id) implements EventSubject {

    @Override
    public boolean isIn(SessionEvent event) {
      return event instanceof JobChanged changed && changed.job().id() == id;
    }

    @Override
    public boolean beginsWith(SessionEvent event) {
      return event instanceof JobChanged changed
          && changed.job().id() == id
          && changed.job().state() == JobState.SENT;
    }

    @Override
    public boolean endsWith(SessionEvent event) {
      return event instanceof JobChanged changed
          && changed.job().id() == id
          && changed.job().state().isTerminal();
    }

    @Override
    public boolean isOver(SessionSnapshot session) {
      return session.job(id).map(found -> found.state().isTerminal()).orElse(true);
    }

    @Override
    public Optional<SessionEvent> asItIs(long sequence, SessionSnapshot session) {
      return session.job(id).map(found -> new JobChanged(sequence, found));
    }
  }

  private static Optional<Statement> statement(SessionEvent event) {
    if (event instanceof StatementChanged changed) {
      return Optional.of(changed.statement());
    }
    // Input and comms are between the code and front ends, and so are some outputs.
    return event instanceof OutputAdded added
            && !(added.output() instanceof StatementOutput.Clear)
            && !(added.output() instanceof StatementOutput.NextInput)
        ? Optional.of(added.statement())
        : Optional.empty();
  }
}
