package io.polybius.launch.cluster;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A cluster that runs images. A driver is in its image already, and gets what is secret by way of
 * the cluster.
 */
public interface PodCluster extends ClusterManager {

  /**
   * Returns Spark's settings for an application. What makes it ours cannot be asked for otherwise.
   *
   * @param tag what the application will be found by
   * @param asked settings of the application
   * @param driver what a session's driver needs; empty for a batch, which brings its own
   * @throws IllegalArgumentException if the tag cannot be one
   */
  Map<String, String> submission(
      String tag, Map<String, String> asked, Optional<DriverFiles> driver);

  /**
   * Puts files into a new secret.
   *
   * @param name of at most 56 small letters, digits and dashes, with no dash at its ends
   * @param files what is in them, by their names
   * @param labels what to find it by
   * @throws IOException if there is one of that name, or the cluster refuses or does not answer
   */
  void createSecret(String name, Map<String, byte[]> files, Map<String, String> labels)
      throws IOException;

  /**
   * Has a secret deleted by the cluster when the driver's pod is, also when this server is gone
   * then.
   *
   * @param id of the driver's application; if that is not there, nothing happens
   * @throws IOException if the cluster refuses or does not answer
   */
  void tieSecret(String name, String id) throws IOException;

  /**
   * Deletes a secret, if it is there.
   *
   * @throws IOException if the cluster refuses or does not answer
   */
  void deleteSecret(String name) throws IOException;

  /**
   * The files of a session's driver in its container.
   *
   * @param jar the packaged driver in the image, such as {@link #USUAL_JAR}
   * @param secret name of the secret with its settings and keys
   * @param secretFolder where they will be, one file for each
   */
  record DriverFiles(String jar, String secret, String secretFolder) {

    /** Where the documentation puts the driver into an image. */
    public static final String USUAL_JAR = "local:///opt/polybius/lib/polybius-driver.jar";

    private static final Pattern LOCAL = Pattern.compile("local:(//)?(?<path>/[^/].*)");

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

    /** Returns the path of the jar in the container. */
    public String jarPath() {
      return LOCAL.matcher(jar).replaceFirst("${path}");
    }
  }
}
