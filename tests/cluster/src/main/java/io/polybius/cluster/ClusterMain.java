package io.polybius.cluster;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The program behind {@code bin/polybius cluster}: a cluster that lasts as long as it does. */
final class ClusterMain {

  /** How long a command may take to end by itself, before it ends with the cluster. */
  private static final long COMMAND_SECONDS = 60;

  private ClusterMain() {}

  /**
   * Starts a cluster and waits for its own end, or for that of a command that uses the cluster.
   *
   * @param arguments {@code yarn} and perhaps a command, or {@code standalone} and the folder with
   *     a Spark's jars
   */
  public static void main(String[] arguments) {
    try {
      if (arguments[0].equals("yarn")) {
        TestCluster cluster = TestCluster.start();
        if (arguments.length > 1) {
          List<String> command = Arrays.asList(arguments).subList(1, arguments.length);
          System.exit(run(command, cluster));
        }
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

  /** Runs a command to its end, and returns its exit code. */
  private static int run(List<String> command, TestCluster cluster)
      throws IOException, InterruptedException {
    System.out.println(
        "YARN and HDFS are ready. Resource manager: " + cluster.resourceManagerWeb());
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().putAll(cluster.environment());
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      cluster.close();
      throw e;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process, cluster), "cluster-end"));
    return process.waitFor();
  }

  private static void end(Process process, TestCluster cluster) {
    // After Ctrl-C it has been told already. It may have something to end on the cluster.
    process.destroy();
    try {
      process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close(cluster);
  }

  private static void close(AutoCloseable cluster) {
    try {
      cluster.close();
    } catch (Exception e) {
      System.err.println("polybius: " + e);
    }
  }
}
