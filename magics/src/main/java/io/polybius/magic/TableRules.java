package io.polybius.magic;

/** How the rows of a language make a table, as Livy's interpreter of that language does it. */
public enum TableRules {

  /**
   * All whole numbers are {@code BIGINT_TYPE}, dates and times are texts, and null clashes with
   * every other type.
   */
  SCALA(LivyType.BIGINT_TYPE, LivyType.STRING_TYPE, LivyType.STRING_TYPE, false),

  /**
   * Whole numbers are {@code INT_TYPE}, dates and times have types of their own, decimal numbers
   * are sent as texts, and null may be in any column.
   */
  PYTHON(LivyType.INT_TYPE, LivyType.DATE_TYPE, LivyType.TIMESTAMP_TYPE, true);

  private final LivyType whole;
  private final LivyType date;
  private final LivyType timestamp;
  private final boolean python;

  TableRules(LivyType whole, LivyType date, LivyType timestamp, boolean python) {
    this.whole = whole;
    this.date = date;
    this.timestamp = timestamp;
    this.python = python;
  }

  /** Returns the type of whole numbers. */
  LivyType whole() {
    return whole;
  }

  /** Returns the type of days. */
  LivyType date() {
    return date;
  }

  /** Returns the type of points in time. */
  LivyType timestamp() {
    return timestamp;
  }

  /** Returns whether null may be in a column of any type. */
  boolean nullFitsAnywhere() {
    return python;
  }

  /** Returns whether decimal numbers and times are sent as the text that {@code str()} gives. */
  boolean sendsTexts() {
    return python;
  }

  /** Returns the error for an array or an object that holds several types. */
  MagicException differentTypesInside() {
    return python
        ? new MagicException(MagicException.VALUE_ERROR, "value has inconsistent types")
        : LivyType.differentTypes();
  }
}
