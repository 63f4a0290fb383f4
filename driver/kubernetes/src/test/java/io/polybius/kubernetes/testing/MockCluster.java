package io.polybius.kubernetes.testing;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.NamespacedKubernetesClient;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.server.mock.KubernetesMixedDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import io.fabric8.mockwebserver.dsl.HttpMethod;
import io.fabric8.mockwebserver.http.Dispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.polybius.kubernetes.KubernetesAccess;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;

/** The API of a cluster that keeps what is put into it, and pods as Spark makes them. */
public final class MockCluster implements AutoCloseable {

  /** Where all pods are. */
  public static final String NAMESPACE = "spark";

  private final KubernetesMockServer server;
  private final NamespacedKubernetesClient client;

  /** Starts it, on a free port. */
  public MockCluster() {
    Map<ServerRequest, Queue<ServerResponse>> answers = new HashMap<>();
    server =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            answers,
            new ApplyingDispatcher(new KubernetesMixedDispatcher(answers)),
            false);
    server.init(InetAddress.getLoopbackAddress(), 0);
    client = server.createClient(new JdkHttpClientFactory()).inNamespace(NAMESPACE);
  }

  /** Returns the server, to be told of answers and asked about requests. */
  public KubernetesMockServer server() {
    return server;
  }

  /** Returns a client that looks at the namespace. */
  public NamespacedKubernetesClient client() {
    return client;
  }

  /** Returns Spark's master for it. */
  public String master() {
    return "k8s://http://" + server.getHostName() + ":" + server.getPort();
  }

  /** Returns the way to it. */
  public KubernetesAccess access() {
    return KubernetesAccess.of(master(), Map.of(KubernetesAccess.NAMESPACE, NAMESPACE));
  }

  /** Makes the pod of a driver, which nobody has looked at yet. */
  public Pod submit(String name, String tag) {
    return client
        .pods()
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(NAMESPACE)
                .addToLabels("spark-role", "driver")
                .addToLabels("spark-app-selector", "spark-of-" + name)
                .addToLabels("spark-app-name", name)
                .addToLabels("spark-version", "3.5.5")
                .addToLabels("spark-app-tag", tag)
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("proxy")
                .endContainer()
                .addNewContainer()
                .withName("spark-kubernetes-driver")
                .withArgs("driver", "--class", "io.polybius.driver.DriverMain", "spark-internal")
                .addNewEnv()
                .withName("SPARK_APPLICATION_ID")
                .withValue("spark-of-" + name)
                .endEnv()
                .addNewEnv()
                .withName("SPARK_DRIVER_BIND_ADDRESS")
                .endEnv()
                .endContainer()
                .endSpec()
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build())
        .create();
  }

  /** Gives a pod another status. */
  public void become(String name, PodStatus status) {
    client.pods().withName(name).edit(pod -> new PodBuilder(pod).withStatus(status).build());
  }

  /** Returns a pod, if it is there. */
  public Optional<Pod> pod(String name) {
    return Optional.ofNullable(client.pods().withName(name).get());
  }

  @Override
  public void close() {
    client.close();
    server.destroy();
  }

  /** Makes what is to be applied and is not there, which the mock server does not. */
  private static final class ApplyingDispatcher extends Dispatcher {

    private static final int NOT_FOUND = 404;

    private final Dispatcher mock;

    private ApplyingDispatcher(Dispatcher mock) {
      this.mock = mock;
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
      String path = request.getPath().replaceFirst("\\?.*", "");
      return request.method() == HttpMethod.PATCH
              && request.getPath().contains("fieldManager=")
              && mock.dispatch(with(request, HttpMethod.GET, path)).code() == NOT_FOUND
          ? mock.dispatch(with(request, HttpMethod.POST, path.substring(0, path.lastIndexOf('/'))))
          : mock.dispatch(request);
    }

    private static RecordedRequest with(RecordedRequest request, HttpMethod method, String path) {
      return new RecordedRequest(
          request.getHttpVersion(), method, path, request.getHeaders(), request.getBody());
    }
  }
}
