package io.polybius.driver.protocol;

/** Why a statement's table does not come, or not to its end. */
public enum ResultFailure {
  /** The statement has no table, or not in that format. */
  NO_RESULT,
  /** The driver does not remember the statement's table any more. */
  FORGOTTEN,
  /** Too much is being downloaded already. */
  BUSY,
  /** The rows could not be computed. */
  FAILED,
  /** Nothing is shared under that name. */
  NOT_SHARED
}
