package io.polybius.driver;

import io.polybius.driver.interpreter.CompilerTraining;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.SparkStart;
import io.polybius.driver.interpreter.sql.SqlInterpreter;
import io.polybius.driver.job.CompiledJobs;
import io.polybius.driver.job.DriverJobContext;
import io.polybius.driver.job.JobException;
import io.polybius.magic.MagicContext;
import io.polybius.magic.MagicException;
import io.polybius.magic.MagicLimits;
import io.polybius.magic.MagicSession;
import io.polybius.magic.Magics;
import io.polybius.magic.PlainValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A short life of a driver, from which the JVM learns which classes to archive. */
final class Training {

  private static final int STEPS = 12;

  private Training() {}

  /**
   * Starts Spark and the REPL, runs a Spark job and a few statements, draws a plot, and stops
   * Spark.
   *
   * @param directory for the classes that the REPL compiles
   */
  static void run(Path directory) throws Exception {
    SparkStart spark =
        SparkStart.begin(
            directory.resolve("classes"),
            CompletableFuture.completedFuture(
                Map.of("spark.master", "local[*]", "spark.app.name", "training")));
    Thread.currentThread().setContextClassLoader(spark.classLoader());
    spark
        .scala()
        .execute(
            """
            val numbers = spark.range(100).map(_ + 1)
            numbers.selectExpr("sum(value)").collect()
            sc.parallelize(1 to 10).map(_ * 2).sum
            """,
            Interpreter.Execution.UNSEEN);
    new SqlInterpreter(spark.session())
        .execute("select id, 'text' from range(3)", Interpreter.Execution.UNSEEN);
    runJob(spark, directory);
    Magics magics = Magics.builtin();
    magics.run(magics.parse("%plot numbers"), new Values(spark.scala()));
    try (CompilerTraining training = new CompilerTraining(directory.resolve("training"))) {
      for (int step = 0; step < STEPS; step++) {
        training.step(step);
      }
    }
    spark.context().stop();
  }

  /** Runs compiled jobs as clients would send them. */
  private static void runJob(SparkStart spark, Path directory) throws JobException {
    DriverJobContext context =
        new DriverJobContext(spark.session(), new SharedValues(), directory.resolve("job-files"));
    CompiledJobs jobs = new CompiledJobs(context, spark.classLoader());
    jobs.rehearse(each -> new ArrayList<>(List.of(each.sparkSession().version())));
    jobs.rehearseLivys(each -> new ArrayList<>(List.of(each.sc().version())));
  }

  /** Lets the plot see the variables, which is all that it asks for. */
  private record Values(Interpreter interpreter) implements MagicContext {
    @Override
    public PlainValue lookup(String name, int maxRows) throws MagicException {
      return interpreter.variable(name, maxRows).value();
    }

    @Override
    public MagicLimits limits() {
      return MagicLimits.DEFAULT;
    }

    @Override
    public MagicSession session() {
      throw new UnsupportedOperationException("There is no session yet.");
    }
  }
}
