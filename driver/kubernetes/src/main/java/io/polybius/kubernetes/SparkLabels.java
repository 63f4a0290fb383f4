package io.polybius.kubernetes;

/** What Spark calls the pods it makes, and what is in them. */
final class SparkLabels {

  /** Label: what the pod is for its application. */
  static final String ROLE = "spark-role";

  /** The role of the pod that the application begins with. */
  static final String DRIVER = "driver";

  /** Label: Spark's name for the application. */
  static final String APPLICATION = "spark-app-selector";

  /** Label: the tag that we, as Livy, give to an application. */
  static final String TAG = "spark-app-tag";

  /** Spark sets it in the driver's container, whatever a pod template calls that. */
  static final String DRIVER_ADDRESS_VARIABLE = "SPARK_DRIVER_BIND_ADDRESS";

  private SparkLabels() {}
}
