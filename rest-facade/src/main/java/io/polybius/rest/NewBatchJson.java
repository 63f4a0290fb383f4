package io.polybius.rest;

import io.polybius.session.BatchSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The body of {@code POST /batches}; each component but {@code file} may be null, which is the same
 * as absent.
 */
record NewBatchJson(
    String file,
    String className,
    List<String> args,
    String proxyUser,
    List<String> jars,
    List<String> pyFiles,
    List<String> files,
    List<String> archives,
    String driverMemory,
    Integer driverCores,
    String executorMemory,
    Integer executorCores,
    Integer numExecutors,
    String queue,
    String name,
    Map<String, String> conf)
    implements ApplicationFields {

  /**
   * Returns what is asked for, or throws what is wrong with it.
   *
   * @param runAs the user to run as, as {@link Impersonation} has it
   */
  BatchSettings toSettings(Optional<String> runAs) {
    if (file == null || file.isBlank()) {
      throw RejectedRequestException.bad("Rejected, Reason: requirement failed: File is required.");
    }
    return new BatchSettings(
        file,
        Optional.ofNullable(className),
        ApplicationFields.withoutNulls(args),
        toApplication(runAs));
  }
}
