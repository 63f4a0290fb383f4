package io.polybius.driver.protocol;

/** What a statement's table can be downloaded as. */
public enum ResultFormat {
  /** Comma-separated values, as RFC 4180 has them, with the columns' names in the first line. */
  CSV,
  /** A JSON array with an object for each row. */
  JSON,
  /** Apache Arrow's streaming format. */
  ARROW
}
