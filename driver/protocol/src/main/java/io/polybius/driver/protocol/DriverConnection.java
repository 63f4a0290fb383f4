package io.polybius.driver.protocol;

/**
 * One end of the link between the server and a driver. What is sent arrives once and in order, also
 * when the network is cut and restored in between.
 *
 * @param <S> what this end sends: {@link DriverCommand} in the server, {@link DriverEvent} in a
 *     driver
 */
public interface DriverConnection<S> extends AutoCloseable {

  /**
   * Sends without waiting; keeps the message until the other end has acknowledged it. Does nothing
   * once the connection is closed. May be called from any thread.
   *
   * @throws IllegalArgumentException if the message is larger than a frame, which is 64 MiB; the
   *     link goes on without it
   */
  void send(S message);

  /** Returns the number of the last message that was sent; the first one has the number 1. */
  default long sent() {
    return 0;
  }

  /** Returns the number up to which the other end has all that was sent. */
  default long acknowledged() {
    return 0;
  }

  /**
   * Says that all messages up to a number have been kept, so that the other end may forget them.
   * Only needed where the link does not outlive this process by itself; see {@link DriverListener}.
   */
  default void kept(long sequence) {}

  /** Ends the link for good and says so to the other end. Does nothing the second time. */
  @Override
  void close();

  /**
   * Gets what the other end sends. Calls never overlap, come from the link's own threads and must
   * return quickly.
   *
   * @param <R> what this end receives
   */
  interface Receiver<R> {

    /**
     * Takes the next message.
     *
     * @param sequence its number, from 1 on
     */
    void received(long sequence, R message);

    /**
     * The link has ended for good and nothing more will come. Called once, perhaps by the thread
     * that closes the link at this end.
     *
     * @param reason why, for a log
     */
    void closed(String reason);
  }
}
