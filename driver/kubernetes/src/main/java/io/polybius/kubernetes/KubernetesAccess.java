package io.polybius.kubernetes;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which cluster is meant, and who we are there. What is empty is found as {@code kubectl} and
 * {@code spark-submit} find it: in the file that {@code KUBECONFIG} names, in {@code
 * ~/.kube/config}, or in a pod in what its service account has.
 *
 * @param master address of the cluster's API, as Spark spells it: {@code k8s://https://host:port}
 * @param namespace where drivers and executors are
 * @param context which one of the client's configuration
 * @param token proves who we are
 * @param tokenFile has the token; read for each call, as the cluster may write a new one
 * @param caCertificateFile has the certificates that the cluster may show
 * @param clientKeyFile has the key of a certificate that proves who we are
 * @param clientCertificateFile has that certificate
 */
public record KubernetesAccess(
    String master,
    Optional<String> namespace,
    Optional<String> context,
    Optional<String> token,
    Optional<Path> tokenFile,
    Optional<Path> caCertificateFile,
    Optional<Path> clientKeyFile,
    Optional<Path> clientCertificateFile) {

  /** What Spark's masters begin with that are clusters of this kind. */
  public static final String SCHEME = "k8s://";

  /** Key of the namespace, among Spark's settings. */
  public static final String NAMESPACE = "spark.kubernetes.namespace";

  /** Key of the context, among Spark's settings. */
  public static final String CONTEXT = "spark.kubernetes.context";

  /** Key of the token, among Livy's settings. */
  public static final String TOKEN = "livy.server.kubernetes.oauthTokenValue";

  /** Key of the token's file, among Livy's settings. */
  public static final String TOKEN_FILE = "livy.server.kubernetes.oauthTokenFile";

  /** Key of the file with the cluster's certificates, among Livy's settings. */
  public static final String CA_CERTIFICATE_FILE = "livy.server.kubernetes.caCertFile";

  /** Key of the file with the client's key, among Livy's settings. */
  public static final String CLIENT_KEY_FILE = "livy.server.kubernetes.clientKeyFile";

  /** Key of the file with the client's certificate, among Livy's settings. */
  public static final String CLIENT_CERTIFICATE_FILE = "livy.server.kubernetes.clientCertFile";

  static final String SUBMISSION = "spark.kubernetes.authenticate.submission.";

  /**
   * Checks what can be checked without the cluster.
   *
   * @throws IllegalArgumentException if the parts do not fit together
   */
  public KubernetesAccess {
    if (!master.startsWith(SCHEME) || master.length() == SCHEME.length()) {
      throw new IllegalArgumentException("A master of Kubernetes begins with " + SCHEME + ".");
    }
    String address = address(master);
    if (!address.startsWith("https://") && !address.startsWith("http://")) {
      throw new IllegalArgumentException(
          "The address of Kubernetes is of http or https, and not " + address + ".");
    }
    if (token.isPresent() && tokenFile.isPresent()) {
      throw new IllegalArgumentException(
          "Only one of " + TOKEN + " and " + TOKEN_FILE + " can be set.");
    }
    if (clientKeyFile.isPresent() != clientCertificateFile.isPresent()) {
      throw new IllegalArgumentException(
          CLIENT_KEY_FILE + " and " + CLIENT_CERTIFICATE_FILE + " are of use only together.");
    }
  }

  /**
   * Reads what settings say. Those that have no text in them are as good as none.
   *
   * @param master Spark's master
   * @param settings of Livy and of Spark; all others are ignored
   * @throws IllegalArgumentException if they do not fit together
   */
  public static KubernetesAccess of(String master, Map<String, String> settings) {
    return new KubernetesAccess(
        master,
        text(settings, NAMESPACE),
        text(settings, CONTEXT),
        text(settings, TOKEN),
        text(settings, TOKEN_FILE).map(Path::of),
        text(settings, CA_CERTIFICATE_FILE).map(Path::of),
        text(settings, CLIENT_KEY_FILE).map(Path::of),
        text(settings, CLIENT_CERTIFICATE_FILE).map(Path::of));
  }

  private static Optional<String> text(Map<String, String> settings, String key) {
    return Optional.ofNullable(settings.get(key)).map(String::strip).filter(t -> !t.isEmpty());
  }

  /** Returns the address of the cluster's API. */
  String address() {
    return address(master);
  }

  /** Spark takes an address without a scheme for one of https. */
  private static String address(String master) {
    String rest = master.substring(SCHEME.length());
    return rest.contains("://") ? rest : "https://" + rest;
  }

  /** Returns Spark's settings with which {@code spark-submit} is who we are. */
  Map<String, String> sparkSettings() {
    Map<String, String> settings = new LinkedHashMap<>();
    context.ifPresent(name -> settings.put(CONTEXT, name));
    token.ifPresent(text -> settings.put(SUBMISSION + "oauthToken", text));
    tokenFile.ifPresent(file -> settings.put(SUBMISSION + "oauthTokenFile", file.toString()));
    caCertificateFile.ifPresent(file -> settings.put(SUBMISSION + "caCertFile", file.toString()));
    clientKeyFile.ifPresent(file -> settings.put(SUBMISSION + "clientKeyFile", file.toString()));
    clientCertificateFile.ifPresent(
        file -> settings.put(SUBMISSION + "clientCertFile", file.toString()));
    return settings;
  }

  /** Keeps the token out of logs. */
  @Override
  public String toString() {
    return "KubernetesAccess[master=" + master + ", namespace=" + namespace + "]";
  }
}
