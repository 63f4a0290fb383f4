package io.polybius.cluster;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** The program behind {@code bin/polybius cluster}: a cluster that lasts as long as it does. */
final class ClusterMain {

  private ClusterMain() {}

  /**
   * Starts a cluster and waits for its own end.
   *
   * @param arguments {@code yarn}, or {@code standalone} and the folder with a Spark's jars
   */
  public static void main(String[] arguments) {
    try {
      if (arguments[0].equals("yarn")) {
        TestCluster cluster = TestCluster.start();
        last(cluster, yarn(cluster));
      } else {
        StandaloneCluster cluster = StandaloneCluster.start(Path.of(arguments[1]));
        last(cluster, standalone(cluster));
      }
    } catch (IOException e) {
      System.err.println("polybius: " + e.getMessage());
      System.exit(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.exit(0);
  }

  private static String yarn(TestCluster cluster) {
    return """
        YARN and HDFS are ready.
          export HADOOP_CONF_DIR=%s
          livy.spark.master = yarn
        Resource manager: %s
        HDFS: %s
        """
        .formatted(cluster.configuration(), cluster.resourceManagerWeb(), cluster.fileSystem());
  }

  private static String standalone(StandaloneCluster cluster) {
    return """
        A standalone cluster is ready.
          livy.spark.master = %s
        Master: %s
        REST submissions: %s
        """
        .formatted(cluster.master(), cluster.masterWeb(), cluster.restMaster());
  }

  private static void last(AutoCloseable cluster, String description)
      throws IOException, InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(cluster), "cluster-end"));
    System.out.print(description);
    if (Boolean.getBoolean("polybius.terminal")) {
      System.out.println("Ctrl-C ends it, with everything that runs on it.");
      new CountDownLatch(1).await();
    } else {
      System.in.transferTo(OutputStream.nullOutputStream());
    }
  }

  private static void close(AutoCloseable cluster) {
    try {
      cluster.close();
    } catch (Exception e) {
      System.err.println("polybius: " + e);
    }
  }
}
