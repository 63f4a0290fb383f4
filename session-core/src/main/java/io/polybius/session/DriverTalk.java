package io.polybius.session;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.session.Journal.Change;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What has gone to and fro between a session and its driver, as far as a later server must know of
 * it. Used in the session's mailbox only.
 */
final class DriverTalk {

  /** Commands that the driver may not have. */
  private final Deque<DriverCommand> unacknowledged = new ArrayDeque<>();

  /** The driver that is on its way, or there, by the incarnation that it is for. */
  private int incarnation;

  /** Number of the last command before those. */
  private long sentBefore;

  private long lastReceived;

  /** A driver is on its way, for this incarnation of the session. */
  void begin(Change.Launched launched) {
    incarnation = launched.incarnation();
    sentBefore = launched.sent();
    unacknowledged.clear();
    lastReceived = 0;
  }

  /** Returns whether the driver of that incarnation is on its way, or there. */
  boolean isWith(int sessionIncarnation) {
    return incarnation == sessionIncarnation;
  }

  /** A command is sent. */
  void sent(DriverCommand command) {
    unacknowledged.add(command);
  }

  /** Forgets the commands that the driver has. */
  void forgetAcknowledged(DriverConnection<DriverCommand> connection) {
    while (sentBefore < connection.acknowledged() && !unacknowledged.isEmpty()) {
      unacknowledged.remove();
      sentBefore++;
    }
  }

  /** All that follows from an event has been done. */
  void received(long sequence) {
    lastReceived = sequence;
  }

  /** Returns from where a later server has to go on. */
  LinkPosition position() {
    return new LinkPosition(lastReceived, sentBefore, List.copyOf(unacknowledged));
  }

  /** Returns the changes that lead from nothing to what is the case. */
  List<Change> changes() {
    List<Change> changes = new ArrayList<>();
    if (incarnation > 0) {
      changes.add(new Change.Launched(incarnation, sentBefore));
      unacknowledged.forEach(command -> changes.add(new Change.Sent(command)));
      changes.add(new Change.Received(lastReceived));
    }
    return changes;
  }
}
