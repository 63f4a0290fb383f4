package io.polybius.driver.protocol;

/** What a file is used as that a client adds to a session. */
public enum ResourceKind {
  /** Classes for jobs, Scala statements and executors. */
  JAR,
  /** A file that code finds by {@code SparkFiles.get}. */
  FILE,
  /** A module or an archive of modules for Python. */
  PYTHON_FILE
}
