package io.polybius.notebook;

/**
 * Channels between objects of this session and objects of its front ends: {@code kernel.comms}.
 *
 * <p>Messages from front ends are handled by one thread, one after the other, beside the statements
 * that run. What a handler prints and shows belongs to the statement that has set the handler.
 */
public interface Comms {

  /** Takes the comms that front ends open. */
  @FunctionalInterface
  interface Target {
    /**
     * Takes a new comm. When this fails, the comm is closed.
     *
     * @param comm the comm, whose messages it can ask for
     * @param message the first message
     */
    void opened(Comm comm, Incoming message) throws Exception;
  }

  /**
   * Says who takes the comms that front ends open under a name, in place of who took them before.
   * Comms under other names are closed at once.
   */
  void registerTarget(String name, Target target);

  /**
   * Opens a comm to what the front ends have under a name.
   *
   * @param target the name
   * @param data the first message: the JSON text of an object, or a map
   */
  Comm open(String target, Object data);

  /**
   * Opens a comm to what the front ends have under a name.
   *
   * @param target the name
   * @param data the first message: the JSON text of an object, or a map
   * @param metadata the same, about the message, as some targets want it
   */
  Comm open(String target, Object data, Object metadata);

  /**
   * Opens a comm whose name its opener has chosen.
   *
   * @param id what names it, and no other comm
   * @param target the name that the front ends know
   * @param data the first message: the JSON text of an object, or a map
   * @param metadata the same, about the message, as some targets want it
   * @param buffers binary data of the first message
   */
  Comm open(String id, String target, Object data, Object metadata, byte[]... buffers);
}
