package io.polybius.session.spi;

import io.polybius.session.BatchSettings;

/**
 * A batch to start.
 *
 * @param batchId the batch
 * @param settings what its creator asked for, with the files that the server's rules let through
 */
public record BatchSpec(int batchId, BatchSettings settings) {

  /** Returns a name that no other batch of this server has. */
  public String batchName() {
    return "batch-" + batchId;
  }
}
