package io.polybius.driver.interpreter;

import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.util.Optional;
import org.apache.spark.sql.Dataset;

/**
 * What a variable holds.
 *
 * @param value it as plain data, of a distributed collection no more than was asked for
 * @param frame the whole of it, if it is a DataFrame
 */
public record Variable(PlainValue value, Optional<Dataset<?>> frame) {

  /** Returns one that holds a value in memory. */
  public static Variable of(PlainValue value) {
    return new Variable(value, Optional.empty());
  }

  /**
   * Returns one that holds a DataFrame, and fetches rows of it.
   *
   * @throws MagicException if these have no plain form
   */
  public static Variable of(Dataset<?> frame, int maxRows) throws MagicException {
    return new Variable(ScalaValues.plain(frame, maxRows), Optional.of(frame));
  }
}
