package io.polybius.launch;

/**
 * Where Spark runs its jobs, and where its driver runs.
 *
 * @param url Spark's name for it, such as {@code local[*]}, {@code yarn} or {@code
 *     spark://host:7077}
 * @param driverOnCluster whether drivers run on the cluster too: Spark's deploy mode {@code
 *     cluster}
 */
record Master(String url, boolean driverOnCluster) {

  /** A kind of master. */
  enum Type {
    LOCAL,
    YARN,
    STANDALONE,
    KUBERNETES,
    UNKNOWN
  }

  Type type() {
    if (url.startsWith("local")) {
      return Type.LOCAL;
    } else if (url.equals("yarn")) {
      return Type.YARN;
    } else if (url.startsWith("spark://")) {
      return Type.STANDALONE;
    }
    return url.startsWith("k8s://") ? Type.KUBERNETES : Type.UNKNOWN;
  }

  boolean isLocal() {
    return type() == Type.LOCAL;
  }

  /** Returns Spark's name for where the driver runs. */
  String deployMode() {
    return driverOnCluster ? "cluster" : "client";
  }

  @Override
  public String toString() {
    return url + " (" + deployMode() + " mode)";
  }
}
