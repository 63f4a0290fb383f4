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

    /** Takes the next message. */
    void received(R message);

    /**
     * The link has ended for good and nothing more will come. Called once, perhaps by the thread
     * that closes the link at this end.
     *
     * @param reason why, for a log
     */
    void closed(String reason);
  }
}
