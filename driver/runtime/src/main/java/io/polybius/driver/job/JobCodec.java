package io.polybius.driver.job;

import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import io.polybius.job.SerializedBounds;

/**
 * How a client has written a job, and wants its result to be written. The first bytes of a job tell
 * which it is. One is good for one job.
 */
sealed interface JobCodec permits KryoCodec, JavaCodec {

  /**
   * Returns that of a job.
   *
   * @param classLoader of the classes of jars and statements
   */
  static JobCodec of(byte[] payload, ClassLoader classLoader) {
    return SerializedBounds.isSerialized(payload)
        ? new JavaCodec(classLoader)
        : new KryoCodec(classLoader);
  }

  /**
   * Returns a job, of Livy's type or ours.
   *
   * @throws JobException if the bytes are no job, or their classes are not here
   */
  Object read(byte[] payload) throws JobException;

  /**
   * Returns a result as the client reads it.
   *
   * @throws JobException if it cannot be written, or is too large
   */
  byte[] write(Object result) throws JobException;

  /** Returns the error of a result that takes more than can be sent. */
  static JobException tooLarge(Object result) {
    return new JobException(
        "The result, a "
            + result.getClass().getName()
            + ", takes more than "
            + (JobSucceeded.MAX_BYTES >> 20)
            + " MiB when it is serialized. Write it to a file, or share it and return its name.");
  }

  /** Returns the error of a result that takes more stack than there is. */
  static JobException tooDeep(Object result, Throwable cause) {
    return new JobException(
        "The result, a " + result.getClass().getName() + ", is nested too deeply.", cause);
  }
}
