package io.polybius.kubernetes;

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
 * @param image that of all containers, unless the application asks for another
 * @param driver what a session's driver needs; empty for a batch, which brings its own
 */
public record KubernetesSubmission(
    KubernetesAccess access,
    String namespace,
    String tag,
    Optional<String> image,
    Optional<DriverFiles> driver) {

  /** The image of all containers, among Spark's settings. */
  public static final String IMAGE = "spark.kubernetes.container.image";

  private static final String DRIVER_CLASS_PATH = "spark.driver.extraClassPath";

  private static final Pattern TAG = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  /**
   * Checks the tag.
   *
   * @throws IllegalArgumentException if it cannot be a label's value
   */
  public KubernetesSubmission {
    if (!TAG.matcher(tag).matches()) {
      throw new IllegalArgumentException("No label of Kubernetes can be " + tag + ".");
    }
  }

  /**
   * The files of a session's driver in its container.
   *
   * @param jar the packaged driver in the image, such as {@link #USUAL_JAR}
   * @param secret name of the secret with its settings and keys
   * @param secretFolder where they will be, one file for each
   */
  public record DriverFiles(String jar, String secret, String secretFolder) {

    /** Where the documentation puts the driver into an image. */
    public static final String USUAL_JAR = "local:///opt/polybius/lib/polybius-driver.jar";

    private static final Pattern LOCAL = Pattern.compile("local:(//)?/[^/].*");

    /**
     * Checks the jar.
     *
     * @throws IllegalArgumentException if it is no file of an image
     */
    public DriverFiles {
      if (!LOCAL.matcher(jar).matches()) {
        throw new IllegalArgumentException(
            "The driver's jar is a file of the image, such as " + USUAL_JAR + ".");
      }
    }

    private String jarPath() {
      return jar.replaceFirst("^local:(//)?", "");
    }
  }

  /**
   * Returns Spark's settings for the application. What makes it ours cannot be asked for otherwise;
   * the image can.
   *
   * @param asked settings of the application
   */
  public Map<String, String> settings(Map<String, String> asked) {
    Map<String, String> settings = new TreeMap<>(asked);
    image.ifPresent(name -> settings.putIfAbsent(IMAGE, name));
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
