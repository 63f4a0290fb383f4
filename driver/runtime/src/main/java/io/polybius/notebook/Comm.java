package io.polybius.notebook;

/** One channel between an object of this session and its counterparts in the front ends. */
public interface Comm {

  /** Takes messages. */
  @FunctionalInterface
  interface Handler {
    /** Takes a message. What it throws is printed. */
    void received(Incoming message) throws Exception;
  }

  /** Returns what names it. */
  String id();

  /** Returns the name under which it was opened. */
  String target();

  /**
   * Sends a message to all front ends; one that is closed sends nothing.
   *
   * @param data the JSON text of an object, or a map
   * @param buffers binary data
   */
  void send(Object data, byte[]... buffers);

  /** Says who takes its messages, in place of who took them before. */
  void onMessage(Handler handler);

  /** Says who is told when a front end closes it. */
  void onClose(Handler handler);

  /** Closes it. */
  void close();

  /**
   * Closes it with a last message.
   *
   * @param data the JSON text of an object, or a map
   */
  void close(Object data);
}
