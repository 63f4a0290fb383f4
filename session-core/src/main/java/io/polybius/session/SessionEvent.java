package io.polybius.session;

import io.polybius.driver.protocol.StatementOutput;

/**
 * Something that happened in a session. Sequence numbers count from 1 without gaps, so that a
 * client that was away can ask for what it missed.
 */
public sealed interface SessionEvent {

  /** Returns the event's number in its session. */
  long sequence();

  /**
   * The session's state or its driver changed.
   *
   * @param session as it was then
   */
  record SessionChanged(long sequence, SessionSnapshot session) implements SessionEvent {}

  /**
   * A statement was added, or its state or progress changed.
   *
   * @param statement as it was then
   */
  record StatementChanged(long sequence, Statement statement) implements SessionEvent {}

  /**
   * A statement put something out.
   *
   * @param statement as it was then, with the output
   * @param output the new output
   */
  record OutputAdded(long sequence, Statement statement, StatementOutput output)
      implements SessionEvent {}
}
