package io.polybius.driver.protocol;

import java.util.Map;

/**
 * Turns records into bytes and back, for what is kept in files: the messages of the link with all
 * that is in them, and records of its user. For one thread at a time.
 */
public final class RecordCodec {

  private final WireTable table;

  /**
   * Makes one.
   *
   * @param more the user's classes by their numbers, from 200 on: records, enumerations, optional
   *     values and kinds of maps; a number is never given to another class, and a record that
   *     changes its components gets a new one
   */
  public RecordCodec(Map<Integer, Class<?>> more) {
    this.table = new WireTable(more);
  }

  /**
   * Returns the bytes of a record.
   *
   * @throws RuntimeException if it holds an object of a class that is not in the table
   */
  public byte[] encode(Record object) {
    return table.encode(object);
  }

  /**
   * Returns what those bytes stand for.
   *
   * @param type what it must be
   * @throws WireException for anything that {@link #encode} does not write
   */
  public <T extends Record> T decode(byte[] bytes, Class<T> type) throws WireException {
    return table.decode(bytes, type);
  }
}
