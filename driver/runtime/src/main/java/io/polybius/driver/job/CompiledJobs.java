package io.polybius.driver.job;

import io.polybius.client.CancelledException;
import io.polybius.client.EventSubscription;
import io.polybius.client.JobFailedException;
import io.polybius.client.JobHandle;
import io.polybius.client.JobState;
import io.polybius.client.PolybiusException;
import io.polybius.client.RequestRefusedException;
import io.polybius.client.ServerUnreachableException;
import io.polybius.client.SessionBuilder;
import io.polybius.client.SessionClient;
import io.polybius.client.SessionEndedException;
import io.polybius.client.SessionEvent;
import io.polybius.client.StatementHandle;
import io.polybius.client.StatementResult;
import io.polybius.client.TimeLimitException;
import io.polybius.job.Job;
import io.polybius.job.JobContext;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.livy.LivyClient;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDDLike;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;

/**
 * Jobs of the JVM's languages: objects of compiled classes, which Polybius' client for Java and
 * clients of Livy send.
 */
public final class CompiledJobs implements JobLanguage {

  /** The kind of these jobs. */
  public static final String KIND = "spark";

  /**
   * What functions that executors run may refer to: a job, or what methods of its class mention,
   * for a program may have its jobs beside the code that sends them.
   */
  public static final List<Class<?>> CLASSES =
      List.of(
          Job.class,
          JobContext.class,
          JobHandle.class,
          JobState.class,
          SessionBuilder.class,
          SessionClient.class,
          StatementHandle.class,
          StatementResult.class,
          SessionEvent.class,
          EventSubscription.class,
          PolybiusException.class,
          CancelledException.class,
          JobFailedException.class,
          RequestRefusedException.class,
          ServerUnreachableException.class,
          SessionEndedException.class,
          TimeLimitException.class,
          org.apache.livy.Job.class,
          org.apache.livy.JobContext.class,
          org.apache.livy.JobHandle.class,
          org.apache.livy.JobHandle.State.class,
          org.apache.livy.JobHandle.Listener.class,
          LivyClient.class);

  /** Time to let a cancelled Spark job, and then an interrupted thread, end by themselves. */
  private static final Duration BEFORE_INTERRUPT = Duration.ofMillis(300);

  private static final Duration BEFORE_STOP = Duration.ofMillis(1200);

  private final DriverJobContext context;
  private final JobContext typedContext;
  private final ClassLoader classLoader;

  /**
   * Makes one.
   *
   * @param context what jobs get
   * @param classLoader of the classes of jars and statements
   */
  public CompiledJobs(DriverJobContext context, ClassLoader classLoader) {
    this.context = context;
    this.typedContext = new TypedJobContext(context);
    this.classLoader = classLoader;
  }

  @Override
  public String kind() {
    return KIND;
  }

  /**
   * Runs a job as if a client had sent it, so that the JVM has loaded what that takes.
   *
   * @throws JobException if it fails
   */
  public void rehearse(Job<?> job) throws JobException {
    Optional<byte[]> unused = run(new JavaCodec(classLoader).write(job));
  }

  /**
   * Runs a job as if one of Livy's clients had sent it.
   *
   * @throws JobException if it fails
   */
  public void rehearseLivys(org.apache.livy.Job<?> job) throws JobException {
    Optional<byte[]> unused = run(new KryoCodec(classLoader).write(job));
  }

  @Override
  public Optional<byte[]> run(byte[] payload, JobExecution execution) throws JobException {
    ExitGuard.install();
    return run(payload);
  }

  private Optional<byte[]> run(byte[] payload) throws JobException {
    JobCodec codec = JobCodec.of(payload, classLoader);
    Object job = codec.read(payload);
    Object result = call(job);
    if (result == null) {
      return Optional.empty();
    }
    refuseSparks(result);
    return Optional.of(codec.write(result));
  }

  private Object call(Object job) throws JobException {
    try {
      return job instanceof Job<?> ours
          ? ours.call(typedContext)
          : ((org.apache.livy.Job<?>) job).call(context);
    } catch (Throwable e) {
      throw new JobException(StackTraces.of(e) + hint(job, e), e);
    }
  }

  /** Returns what may be behind a failure that its own text does not tell. */
  private static String hint(Object job, Throwable thrown) {
    if (thrown instanceof NoClassDefFoundError || thrown instanceof ClassNotFoundException) {
      return "The driver has not got that class: upload the jar that has it (uploadJar, addJar).\n";
    } else if (job instanceof org.apache.livy.Job<?>
        && thrown instanceof NullPointerException
        && hasLostFields(job.getClass())) {
      return "What an anonymous or inner class takes from around it is not sent with it, and is null"
          + " here: make the job a lambda, or a class of its own with fields.\n";
    }
    return "";
  }

  /** Kryo leaves out what the compiler has put into a class. */
  private static boolean hasLostFields(Class<?> type) {
    try {
      for (var field : type.getDeclaredFields()) {
        if (field.isSynthetic()) {
          return true;
        }
      }
    } catch (LinkageError e) {
      // It is only about a hint.
      return false;
    }
    return false;
  }

  /** These would not fail by themselves, but drag half of the driver along. */
  private static void refuseSparks(Object result) throws JobException {
    if (result instanceof Dataset<?>
        || result instanceof RDD<?>
        || result instanceof JavaRDDLike<?, ?>
        || result instanceof SparkContext
        || result instanceof SparkSession) {
      throw new JobException(
          "The result, a "
              + result.getClass().getName()
              + ", cannot leave the driver. Return its rows (collect, take), or share it and return"
              + " its name.");
    }
  }

  /**
   * Interrupts the thread, and then, because an endless loop notices no interrupt, stops it, as it
   * is done with statements.
   */
  @Override
  @SuppressWarnings("removal")
  public void interrupt(JobExecution job, Thread running, Duration elapsed) {
    if (elapsed.compareTo(BEFORE_INTERRUPT) < 0 || !isInUserCode(running)) {
      return;
    }
    if (elapsed.compareTo(BEFORE_STOP) < 0) {
      running.interrupt();
    } else {
      running.stop();
    }
  }

  /**
   * Whether code of the job runs, also to read or write it, and has not just called into the driver
   * itself, whose locks must not be left in disorder.
   */
  private static boolean isInUserCode(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      String name = frame.getClassName();
      if (name.startsWith("io.polybius.driver.") || name.startsWith("io.polybius.notebook.")) {
        return name.equals(CompiledJobs.class.getName())
            || name.startsWith(JavaCodec.class.getName())
            || name.startsWith(KryoCodec.class.getName());
      }
    }
    return false;
  }
}
