package io.polybius.driver.protocol;

/** Whether a text can be run as it stands: the {@code is_complete_reply} states of Jupyter. */
public enum Completeness {
  /** The text can be run. */
  COMPLETE,
  /** More lines are needed. */
  INCOMPLETE,
  /** The text is wrong, whatever may follow. */
  INVALID,
  /** Nobody could tell in time. */
  UNKNOWN
}
