package io.polybius.driver.protocol;

/** What travels in one frame between server and driver. */
sealed interface LinkFrame {

  /**
   * A driver's first words on a new transport.
   *
   * @param driver the name in the driver's certificate
   * @param secret the one-time secret that the server gave it last
   * @param lastReceived sequence number of the last command that it has, 0 before the first
   */
  record Hello(String driver, String secret, long lastReceived) implements LinkFrame {
    /** Keeps the secret out of logs. */
    @Override
    public String toString() {
      return "Hello[driver=" + driver + ", lastReceived=" + lastReceived + "]";
    }
  }

  /**
   * The server's answer to a good hello.
   *
   * @param nextSecret for the next hello; the one just used is worthless from now on
   * @param lastReceived sequence number of the last event that the server has
   */
  record Welcome(String nextSecret, long lastReceived) implements LinkFrame {
    /** Keeps the secret out of logs. */
    @Override
    public String toString() {
      return "Welcome[lastReceived=" + lastReceived + "]";
    }
  }

  /**
   * A command or an event.
   *
   * @param sequence counts from 1 in each direction
   * @param message the encoded {@link DriverCommand} or {@link DriverEvent}; belongs to the frame
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
  record Payload(long sequence, byte[] message) implements LinkFrame {
    /** Keeps users' code and data out of logs. */
    @Override
    public String toString() {
      return "Payload[sequence=" + sequence + ", bytes=" + message.length + "]";
    }
  }

  /**
   * Everything up to this payload has arrived.
   *
   * @param sequence of the last payload that arrived
   */
  record Acknowledge(long sequence) implements LinkFrame {}

  /** Says only that the sender is alive. */
  record Heartbeat() implements LinkFrame {}

  /**
   * The sender ends the link for good.
   *
   * @param reason for the other end's log
   */
  record Goodbye(String reason) implements LinkFrame {}
}
