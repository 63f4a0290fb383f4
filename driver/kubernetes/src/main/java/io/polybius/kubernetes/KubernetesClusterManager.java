package io.polybius.kubernetes;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.polybius.launch.cluster.PodCluster;
import io.polybius.session.ClusterApplication;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds and ends the applications that {@code spark-submit} has started in a namespace of a
 * Kubernetes cluster, each by the pod of its driver. Executors are Spark's own: they belong to
 * their driver's pod, and go with it.
 */
public final class KubernetesClusterManager implements PodCluster {

  /** Some calls make two requests. */
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(4);

  /** The client's own limit does not hold for an answer that stops in its middle. */
  private static final Duration CALL_TIMEOUT = Duration.ofMillis(9500);

  private static final int NOT_FOUND = 404;
  private static final int BAD_REQUEST = 400;

  /** Spark makes a volume of a secret, and names it after that with 7 letters more. */
  private static final Pattern SECRET_NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,54}[a-z0-9])?");

  /** More than that of a log is not held, however long its lines are. */
  private static final int MOST_LOG_BYTES = 4 << 20;

  private static final long MOST_EVENTS = 50;
  private static final int SHOWN_EVENTS = 3;

  private static final Logger logger = LoggerFactory.getLogger(KubernetesClusterManager.class);

  private final KubernetesClient client;
  private final KubernetesAccess access;
  private final String namespace;
  private final ExecutorService calls;

  /** Makes a client. Nothing is asked of the cluster yet. */
  public KubernetesClusterManager(KubernetesAccess access) {
    Config config = config(access);
    this.client =
        new KubernetesClientBuilder()
            .withConfig(config)
            .withHttpClientFactory(new JdkHttpClientFactory())
            .build();
    this.access = access;
    this.namespace = config.getNamespace();
    AtomicInteger threads = new AtomicInteger();
    this.calls =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "kubernetes-" + threads.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  private static Config config(KubernetesAccess access) {
    ConfigBuilder config =
        new ConfigBuilder(Config.autoConfigure(access.context().orElse(null)))
            .withMasterUrl(access.address())
            .withConnectionTimeout((int) REQUEST_TIMEOUT.toMillis())
            .withRequestTimeout((int) REQUEST_TIMEOUT.toMillis())
            // Who calls asks again in time, and would rather know.
            .withRequestRetryBackoffLimit(0);
    access.token().ifPresent(token -> config.withOauthTokenProvider(() -> token));
    access.tokenFile().ifPresent(file -> config.withOauthTokenProvider(() -> read(file)));
    access.caCertificateFile().ifPresent(file -> config.withCaCertFile(file.toString()));
    access.clientKeyFile().ifPresent(file -> config.withClientKeyFile(file.toString()));
    access.clientCertificateFile().ifPresent(file -> config.withClientCertFile(file.toString()));
    String found = config.getNamespace();
    config.withNamespace(
        access.namespace().orElse(found == null || found.isEmpty() ? "default" : found));
    return config.build();
  }

  private static String read(Path tokenFile) {
    try {
      return Files.readString(tokenFile).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns where drivers are looked for, and have to be submitted to. */
  public String namespace() {
    return namespace;
  }

  @Override
  public Optional<ClusterApplication> find(String tag) throws IOException {
    return inTime(() -> application(driver(SparkLabels.TAG, tag)));
  }

  @Override
  public Optional<ClusterApplication> application(String id) throws IOException {
    return inTime(() -> application(driver(SparkLabels.APPLICATION, id)));
  }

  private Optional<ClusterApplication> application(Optional<DriverPod> driver) {
    return driver.map(
        pod ->
            pod.application(
                pod.state().isFinal() || pod.hasBegun() ? List.of() : newestWarnings(pod)));
  }

  /** Deletes the driver's pod; its node gives it half a minute to end, unless the pod says more. */
  @Override
  public void kill(String id) throws IOException {
    inTime(
        () -> {
          Optional<DriverPod> driver = driver(SparkLabels.APPLICATION, id);
          if (driver.isPresent() && !driver.get().state().isFinal()) {
            delete(driver.get());
          }
          return driver;
        });
  }

  private void delete(DriverPod driver) throws IOException {
    ask(
        "delete pod " + driver.name(),
        () -> client.pods().inNamespace(namespace).withName(driver.name()).delete());
  }

  /**
   * Always fails: Kubernetes has no files.
   *
   * @throws IOException always
   */
  @Override
  public String publish(Path file) throws IOException {
    throw new IOException(
        "Kubernetes has no file system to put "
            + file.getFileName()
            + " into. Let the image of the containers have it.");
  }

  @Override
  public List<String> newestLines(String id, int most) throws IOException {
    return inTime(
        () -> {
          Optional<DriverPod> driver = driver(SparkLabels.APPLICATION, id);
          return driver.isPresent() && driver.get().hasBegun() && most > 0
              ? newestLines(driver.get(), most)
              : List.of();
        });
  }

  private List<String> newestLines(DriverPod driver, int most) throws IOException {
    try {
      return ask(
              "read the log of pod " + driver.name(),
              () ->
                  client
                      .pods()
                      .inNamespace(namespace)
                      .withName(driver.name())
                      .inContainer(driver.container().orElseThrow())
                      .withReadyWaitTimeout(0)
                      .limitBytes(MOST_LOG_BYTES)
                      .tailingLines(most)
                      .getLog())
          .lines()
          .toList();
    } catch (RefusedException e) {
      // The pod, or its container's log, has gone since we looked.
      if (e.status() == NOT_FOUND || e.status() == BAD_REQUEST) {
        return List.of();
      }
      throw e;
    }
  }

  @Override
  public Map<String, String> submission(
      String tag, Map<String, String> asked, Optional<DriverFiles> driver) {
    return new KubernetesSubmission(access, namespace, tag, driver).settings(asked);
  }

  @Override
  public void createSecret(String name, Map<String, byte[]> files, Map<String, String> labels)
      throws IOException {
    if (!SECRET_NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("No secret for Spark can be called " + name + ".");
    }
    Map<String, String> data = new LinkedHashMap<>();
    files.forEach((file, content) -> data.put(file, Base64.getEncoder().encodeToString(content)));
    Secret secret =
        new SecretBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(namespace)
            .withLabels(labels)
            .endMetadata()
            .withType("Opaque")
            .withImmutable(true)
            .withData(data)
            .build();
    inTime(
        () ->
            ask(
                "create secret " + name,
                () -> client.secrets().inNamespace(namespace).resource(secret).create()));
  }

  @Override
  public void tieSecret(String name, String id) throws IOException {
    inTime(
        () -> {
          Optional<DriverPod> driver = driver(SparkLabels.APPLICATION, id);
          if (driver.isPresent()) {
            tieSecret(name, driver.get());
          }
          return driver;
        });
  }

  private void tieSecret(String name, DriverPod driver) throws IOException {
    Secret owned =
        new SecretBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(namespace)
            .withOwnerReferences(
                new OwnerReferenceBuilder()
                    .withApiVersion("v1")
                    .withKind("Pod")
                    .withName(driver.name())
                    .withUid(driver.uid())
                    .build())
            .endMetadata()
            .build();
    ask(
        "change secret " + name,
        () ->
            client
                .secrets()
                .inNamespace(namespace)
                // With this, the client need not read the secret, and so needs no right to.
                .resource(owned)
                .patch(
                    PatchContext.of(PatchType.JSON_MERGE),
                    client.getKubernetesSerialization().asJson(owned)));
  }

  @Override
  public void deleteSecret(String name) throws IOException {
    inTime(
        () ->
            ask(
                "delete secret " + name,
                () -> client.secrets().inNamespace(namespace).withName(name).delete()));
  }

  @Override
  public void close() {
    calls.shutdownNow();
    client.close();
  }

  private Optional<DriverPod> driver(String label, String value) throws IOException {
    return ask(
            "list pods",
            () ->
                client
                    .pods()
                    .inNamespace(namespace)
                    .withLabel(SparkLabels.ROLE, SparkLabels.DRIVER)
                    .withLabel(SparkLabels.APPLICATION)
                    .withLabel(label, value)
                    .list())
        .getItems()
        .stream()
        .map(DriverPod::new)
        .max(DriverPod.BY_AGE);
  }

  /** What keeps a pod from starting is often told by events only, such as a missing volume. */
  private List<Event> newestWarnings(DriverPod pod) {
    try {
      return ask(
              "list events",
              () ->
                  client
                      .v1()
                      .events()
                      .inNamespace(namespace)
                      .withField("involvedObject.uid", pod.uid())
                      .withField("type", "Warning")
                      .list(new ListOptionsBuilder().withLimit(MOST_EVENTS).build()))
          .getItems()
          .stream()
          .sorted(Comparator.comparing(KubernetesClusterManager::lastSeen).reversed())
          .limit(SHOWN_EVENTS)
          .toList();
    } catch (IOException e) {
      logger.debug("the state of {} is told without its events: {}", pod.name(), e.toString());
      return List.of();
    }
  }

  private static String lastSeen(Event event) {
    return Objects.requireNonNullElse(event.getLastTimestamp(), "");
  }

  private <T> T inTime(Call<T> call) throws IOException {
    Future<T> answer;
    try {
      answer = calls.submit(call::answer);
    } catch (RejectedExecutionException e) {
      throw new IOException("Kubernetes is not asked any more: the server ends.", e);
    }
    try {
      return answer.get(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("Kubernetes at " + access.address() + " does not answer in time.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Nobody waits for the answer of Kubernetes any more.");
    } finally {
      answer.cancel(true);
    }
  }

  private <T> T ask(String what, Supplier<T> request) throws IOException {
    try {
      return request.get();
    } catch (UncheckedIOException e) {
      throw new IOException("The token for Kubernetes cannot be read: " + e.getMessage(), e);
    } catch (KubernetesClientException e) {
      if (e.getCode() > 0) {
        throw new RefusedException(what, e);
      }
      throw new IOException(
          "Kubernetes at " + access.address() + " does not answer: " + reason(e), e);
    }
  }

  /** Returns what the client's exception was made of. */
  private static String reason(KubernetesClientException exception) {
    Throwable cause = exception;
    while (cause.getCause() != null
        && (cause instanceof KubernetesClientException || cause.getMessage() == null)) {
      cause = cause.getCause();
    }
    return Objects.requireNonNullElse(cause.getMessage(), cause.getClass().getSimpleName());
  }

  /** What is asked of the cluster in one or more requests. */
  private interface Call<T> {

    T answer() throws IOException;
  }

  /** The cluster has answered, and will not do what it was asked to. */
  private static final class RefusedException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int status;

    private RefusedException(String what, KubernetesClientException cause) {
      super(
          "Kubernetes refuses to "
              + what
              + " ("
              + cause.getCode()
              + "): "
              + Optional.ofNullable(cause.getStatus())
                  .map(status -> status.getMessage())
                  .orElseGet(cause::getMessage),
          cause);
      this.status = cause.getCode();
    }

    private int status() {
      return status;
    }
  }
}
