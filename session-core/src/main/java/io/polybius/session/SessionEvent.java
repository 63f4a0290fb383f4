package io.polybius.session;

import io.polybius.driver.protocol.CommMessage;
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

  /**
   * A statement waits for a line that its client types.
   *
   * @param statement as it was then
   * @param prompt what to show before it, may be empty
   * @param password whether not to show what is typed
   */
  record InputRequested(long sequence, Statement statement, String prompt, boolean password)
      implements SessionEvent {}

  /**
   * A job was added, or its state or progress changed.
   *
   * @param job as it was then
   */
  record JobChanged(long sequence, Job job) implements SessionEvent {}

  /**
   * The driver's side of a comm said something to all clients.
   *
   * @param requestId the comm message that it comes from, as {@link SessionService#handleComm}
   *     numbered it; negative if it comes from none
   * @param message what it said
   */
  record CommSent(long sequence, int requestId, CommMessage message) implements SessionEvent {}
}
