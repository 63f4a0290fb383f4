package io.polybius.driver.job;

import io.polybius.driver.interpreter.ScalaObjects;
import io.polybius.job.JobContext;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** What jobs of Polybius' own client get: the same as those of Livy's clients, by other names. */
final class TypedJobContext implements JobContext {

  private final DriverJobContext context;

  TypedJobContext(DriverJobContext context) {
    this.context = context;
  }

  @Override
  public SparkSession sparkSession() {
    return context.sparkSession();
  }

  @Override
  public JavaSparkContext sparkContext() {
    return context.sc();
  }

  @Override
  @SuppressWarnings("unchecked")
  public <E> Optional<E> findSharedObject(String name) {
    return context.shared().find(name).map(value -> (E) ScalaObjects.of(value));
  }

  @Override
  public void setSharedObject(String name, Object object) {
    if (object == null) {
      throw new IllegalArgumentException(
          "Null cannot be shared; removeSharedObject ends the sharing of " + name + ".");
    }
    context.setSharedObject(name, object);
  }

  @Override
  public void removeSharedObject(String name) {
    context.shared().remove(name);
  }

  @Override
  public Path localDirectory() {
    return context.getLocalTmpDir().toPath();
  }
}
