package io.polybius.kubernetes;

import io.polybius.launch.cluster.PodCluster.DriverFiles;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How an application is submitted so that its driver runs in a pod, and can be found there.
 *
 * @param access the cluster
 * @param namespace where the pods will be
 * @param tag what the application will be found by
 * @param driver what a session's driver needs; empty for a batch, which brings its own
 */
record KubernetesSubmission(
    KubernetesAccess access, String namespace, String tag, Optional<DriverFiles> driver) {

  private static final String DRIVER_CLASS_PATH = "spark.driver.extraClassPath";

  private static final Pattern TAG = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  /**
   * Checks the tag.
   *
   * @throws IllegalArgumentException if it cannot be a label's value
   */
  KubernetesSubmission {
    if (!TAG.matcher(tag).matches()) {
      throw new IllegalArgumentException("No label of Kubernetes can be " + tag + ".");
    }
  }

  /**
   * Returns Spark's settings for the application. What makes it ours cannot be asked for otherwise.
   *
   * @param asked settings of the application
   */
  Map<String, String> settings(Map<String, String> asked) {
    Map<String, String> settings = new TreeMap<>(asked);
    settings.put("spark.master", access.master());
    settings.put("spark.submit.deployMode", "cluster");
    settings.put(KubernetesAccess.NAMESPACE, namespace);
    // We look for the pod ourselves, and need no process for each that waits for its end.
    settings.put("spark.kubernetes.submission.waitAppCompletion", "false");
    settings.put("spark.kubernetes.driver.label." + SparkLabels.TAG, tag);
    settings.put("spark.kubernetes.executor.label." + SparkLabels.TAG, tag);
    Map<String, String> ours = access.sparkSettings();
    if (!ours.isEmpty()) {
      // A token of one and a certificate of another would be neither.
      settings.keySet().removeIf(key -> key.startsWith(KubernetesAccess.SUBMISSION));
      settings.putAll(ours);
    }
    driver.ifPresent(
        files -> {
          settings.put("spark.kubernetes.driver.secrets." + files.secret(), files.secretFolder());
          settings.put(
              DRIVER_CLASS_PATH,
              String.join(
                  ":",
                  Stream.of(files.jarPath(), asked.getOrDefault(DRIVER_CLASS_PATH, ""))
                      .filter(part -> !part.isEmpty())
                      .toList()));
        });
    return settings;
  }
}
