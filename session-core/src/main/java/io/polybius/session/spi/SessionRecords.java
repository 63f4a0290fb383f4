package io.polybius.session.spi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.Consumer;

/**
 * What is kept of one session: records, one after the other, and a folder for what belongs to them.
 * For one thread at a time.
 */
public interface SessionRecords {

  /** Returns the number of the session. */
  int sessionId();

  /** Returns a folder of the session's own, which only the server's user can enter. */
  Path folder();

  /**
   * Hands over all records in order, if there are any. A last one that was only half written is
   * dropped for good.
   *
   * @throws IOException if they cannot be read, or are damaged; those before have been handed over
   */
  void read(Consumer<byte[]> each) throws IOException;

  /** Adds a record; when this returns, it outlives the server's process. */
  void append(byte[] content) throws IOException;

  /**
   * Puts records in the place of all that there are, at once.
   *
   * @param contents of them, of which each is asked for when the one before it is written
   */
  void replaceAll(Iterator<byte[]> contents) throws IOException;

  /** Returns how large the records are together. */
  long bytes();

  /** Frees what is open; adding a record opens it again. */
  void release();

  /** Removes the records for good, and nothing else of what is in the folder. */
  void abandon();

  /** Removes everything that is kept of the session, for good. */
  void delete();
}
