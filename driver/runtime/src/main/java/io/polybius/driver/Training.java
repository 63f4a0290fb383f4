package io.polybius.driver;

import io.polybius.driver.StatementRunner.InterpreterValues;
import io.polybius.driver.interpreter.CompilerTraining;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.SparkStart;
import io.polybius.driver.interpreter.sql.SqlInterpreter;
import io.polybius.magic.Magics;
import java.nio.file.Path;
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
    Magics magics = Magics.builtin();
    magics.run(magics.parse("%plot numbers"), new InterpreterValues(spark.scala()));
    try (CompilerTraining training = new CompilerTraining(directory.resolve("training"))) {
      for (int step = 0; step < STEPS; step++) {
        training.step(step);
      }
    }
    spark.context().stop();
  }
}
