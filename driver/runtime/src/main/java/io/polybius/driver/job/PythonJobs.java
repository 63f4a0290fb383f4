package io.polybius.driver.job;

import io.polybius.driver.interpreter.process.ProcessEnded;
import io.polybius.driver.interpreter.python.PythonInterpreter;
import io.polybius.driver.interpreter.python.PythonJob;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Jobs of Python: functions that clients write with cloudpickle. They run in the Python of the
 * session's statements, which starts for them if it is not there. A result is the base 64 of a
 * pickle, as Livy's client for Python wants it, and never null: None is pickled too.
 */
public final class PythonJobs implements JobLanguage {

  /** Time to let a cancelled Spark job end by itself. */
  private static final Duration BEFORE_INTERRUPT = Duration.ofMillis(300);

  private final PythonInterpreter python;
  private final DriverJobContext context;

  /**
   * Makes one.
   *
   * @param python of the session
   * @param context of the other jobs, which knows the directory for the files of all
   */
  public PythonJobs(PythonInterpreter python, DriverJobContext context) {
    this.python = python;
    this.context = context;
  }

  @Override
  public String kind() {
    return PythonInterpreter.KIND;
  }

  @Override
  public Optional<byte[]> run(byte[] payload, JobExecution execution) throws JobException {
    PythonJob.Outcome outcome;
    try {
      outcome = python.run(new Handed(payload, execution));
    } catch (IOException e) {
      throw new JobException(
          "The session has no Python, in which jobs of kind pyspark run. " + e.getMessage(), e);
    } catch (ProcessEnded e) {
      throw new JobException(
          "The Python of this session has ended while the job was in it: "
              + e.getMessage()
              + ". What was defined in it is gone; the next job or statement starts another one.",
          e);
    } catch (InterruptedException e) {
      throw new JobException("The job was cancelled while Python started.", e);
    }
    if (!outcome.succeeded()) {
      throw new JobException(outcome.text());
    }
    return Optional.of(outcome.text().getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void interrupt(JobExecution job, Thread running, Duration elapsed) {
    if (elapsed.compareTo(BEFORE_INTERRUPT) >= 0) {
      python.interruptJob(job.jobId());
    }
  }

  private final class Handed implements PythonJob {

    private final JobExecution execution;
    private byte[] payload;

    Handed(byte[] payload, JobExecution execution) {
      this.payload = payload;
      this.execution = execution;
    }

    @Override
    public int id() {
      return execution.jobId();
    }

    @Override
    public synchronized byte[] takePayload() {
      byte[] taken = payload;
      payload = null;
      return taken;
    }

    @Override
    public void adopt() {
      execution.adopt();
    }

    @Override
    public boolean isCancelled() {
      return execution.isCancelled();
    }

    @Override
    public Path directory() {
      return context.getLocalTmpDir().toPath();
    }
  }
}
