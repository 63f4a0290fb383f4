package io.polybius.session;

import static io.polybius.session.SessionState.BUSY;
import static io.polybius.session.SessionState.DEAD;
import static io.polybius.session.SessionState.IDLE;
import static io.polybius.session.SessionState.KILLED;
import static io.polybius.session.SessionState.SHUTTING_DOWN;
import static io.polybius.session.SessionState.STARTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every pair of states, against tables that are written down a second time on purpose. */
class StatesTest {

  private static final Map<SessionState, Set<SessionState>> SESSION_MOVES =
      Map.of(
          STARTING, Set.of(IDLE, SHUTTING_DOWN, DEAD, KILLED),
          IDLE, Set.of(BUSY, STARTING, SHUTTING_DOWN, DEAD, KILLED),
          BUSY, Set.of(IDLE, STARTING, SHUTTING_DOWN, DEAD, KILLED),
          SHUTTING_DOWN, Set.of(DEAD, KILLED),
          DEAD, Set.of(),
          KILLED, Set.of());

  private static final Map<StatementState, Set<StatementState>> STATEMENT_MOVES =
      Map.of(
          StatementState.WAITING, Set.of(StatementState.RUNNING, StatementState.CANCELLED),
          StatementState.RUNNING, Set.of(StatementState.AVAILABLE, StatementState.CANCELLING),
          StatementState.CANCELLING, Set.of(StatementState.CANCELLED),
          StatementState.AVAILABLE, Set.of(),
          StatementState.CANCELLED, Set.of());

  private static final Map<JobState, Set<JobState>> JOB_MOVES =
      Map.of(
          JobState.SENT, Set.of(JobState.QUEUED, JobState.STARTED),
          JobState.QUEUED, Set.of(JobState.STARTED, JobState.CANCELLED, JobState.FAILED),
          JobState.STARTED, Set.of(JobState.SUCCEEDED, JobState.CANCELLED, JobState.FAILED),
          JobState.CANCELLED, Set.of(),
          JobState.FAILED, Set.of(),
          JobState.SUCCEEDED, Set.of());

  @ParameterizedTest
  @EnumSource
  void sessionMovesAreThoseOfTheTable(SessionState from) {
    for (SessionState to : SessionState.values()) {
      assertThat(from.mayBecome(to))
          .as(from + " to " + to)
          .isEqualTo(SESSION_MOVES.get(from).contains(to));
    }
    assertThat(from.isTerminal()).isEqualTo(Set.of(DEAD, KILLED).contains(from));
    assertThat(from.isActive()).isEqualTo(Set.of(STARTING, IDLE, BUSY).contains(from));
  }

  @ParameterizedTest
  @EnumSource
  void statementMovesAreThoseOfTheTable(StatementState from) {
    for (StatementState to : StatementState.values()) {
      assertThat(from.mayBecome(to))
          .as(from + " to " + to)
          .isEqualTo(STATEMENT_MOVES.get(from).contains(to));
    }
    assertThat(from.isTerminal()).isEqualTo(STATEMENT_MOVES.get(from).isEmpty());
  }

  @ParameterizedTest
  @EnumSource
  void jobMovesAreThoseOfTheTable(JobState from) {
    for (JobState to : JobState.values()) {
      assertThat(from.mayBecome(to))
          .as(from + " to " + to)
          .isEqualTo(JOB_MOVES.get(from).contains(to));
    }
    assertThat(from.isTerminal()).isEqualTo(JOB_MOVES.get(from).isEmpty());
  }

  /** Livy's clients let a state only be followed by one that comes after it in this order. */
  @Test
  void orderOfJobStatesIsLivys() {
    assertThat(JobState.values())
        .extracting(JobState::toString)
        .containsExactly("SENT", "QUEUED", "STARTED", "CANCELLED", "FAILED", "SUCCEEDED");
    JOB_MOVES.forEach((from, all) -> assertThat(all).allMatch(to -> to.compareTo(from) > 0));
  }

  @Test
  void jobRefusesAMoveThatIsNotInTheTable() {
    Job sent = Job.sent(1, Kind.SPARK, 1);
    assertThatThrownBy(() -> sent.succeeded(2)).isInstanceOf(IllegalStateException.class);
    Job ended = sent.started(2).succeeded(3);
    assertThatThrownBy(() -> ended.cancelled(4)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> ended.started(4)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void namesAreLivys() {
    assertThat(SHUTTING_DOWN).hasToString("shutting_down");
    assertThat(StatementState.CANCELLED).hasToString("cancelled");
  }

  @Test
  void statementRefusesAMoveThatIsNotInTheTable() {
    Statement waiting =
        Statement.waiting(0, new NewStatement(Kind.SPARK, "1", Origin.REST, false, false, false));
    assertThatThrownBy(() -> waiting.ended(StatementState.AVAILABLE, Optional.empty(), 1))
        .isInstanceOf(IllegalStateException.class);
    Statement ended = waiting.running(1).ended(StatementState.AVAILABLE, Optional.empty(), 2);
    assertThatThrownBy(ended::cancelling).isInstanceOf(IllegalStateException.class);
  }
}
