package io.polybius.kernel.client;

/**
 * How code is run.
 *
 * @param silent whether the run leaves no trace but its effects
 * @param storeHistory whether it counts and is remembered
 * @param stopOnError whether a failure cancels the requests that wait behind it
 */
public record ExecuteOptions(boolean silent, boolean storeHistory, boolean stopOnError) {

  /** As a notebook runs a cell. */
  public static final ExecuteOptions CELL = new ExecuteOptions(false, true, true);

  /** Without a trace. */
  public static final ExecuteOptions SILENT = new ExecuteOptions(true, false, false);
}
