package io.polybius.driver.interpreter.python;

import java.nio.file.Path;

/** A function that Python runs beside the statements. */
public interface PythonJob {

  /** Returns a number that no other job of the session has. */
  int id();

  /** Returns the function as the client's cloudpickle has written it; once, as it may be large. */
  byte[] takePayload();

  /** From now on the calling thread works for the job. */
  void adopt();

  /** Returns whether the job is to stop. */
  boolean isCancelled();

  /** Returns the directory for the files of jobs, which is made if it is not there. */
  Path directory();

  /**
   * What has become of a job.
   *
   * @param succeeded whether it has returned a value
   * @param text the pickled value in base 64, or what is to be said of the failure
   */
  record Outcome(boolean succeeded, String text) {}
}
