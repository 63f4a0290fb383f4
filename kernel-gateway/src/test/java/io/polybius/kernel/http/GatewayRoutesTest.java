package io.polybius.kernel.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.kernel.KernelSpecs;
import io.polybius.kernel.http.TestingGateway.Answer;
import io.polybius.session.SessionSettings;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The REST routes as {@code jupyter lab --gateway-url} and editors call them. */
@Timeout(30)
class GatewayRoutesTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @TempDir private Path directory;
  private TestingGateway gateway;

  @BeforeEach
  void start() {
    gateway = TestingGateway.start(directory.resolve("runtime"), Duration.ofMillis(300));
  }

  @AfterEach
  void close() {
    gateway.close();
  }

  private Answer get(String path) throws Exception {
    return gateway.call("GET", path, "");
  }

  private Answer post(String path, String body) throws Exception {
    return gateway.call("POST", path, body);
  }

  // ---- kernelspecs

  @Test
  void kernelspecsOfAllLanguagesAreListedInTheFormThatLabAccepts() throws Exception {
    JsonNode body = get("/api/kernelspecs").body();

    assertThat(body.path("default").asText()).isEqualTo("polybius-scala");
    assertThat(body.path("kernelspecs").fieldNames())
        .toIterable()
        .containsExactly("polybius-scala", "polybius-python", "polybius-r", "polybius-sql");
    for (Map.Entry<String, JsonNode> entry : body.path("kernelspecs").properties()) {
      JsonNode model = entry.getValue();
      assertThat(model.path("name").asText()).isEqualTo(entry.getKey());
      assertThat(model.path("resources").isObject()).isTrue();
      JsonNode spec = model.path("spec");
      assertThat(spec.path("argv").isArray()).isTrue();
      assertThat(spec.path("display_name").asText()).isNotEmpty();
      assertThat(spec.path("language").asText()).isIn("scala", "python", "R", "sql");
      assertThat(spec.path("interrupt_mode").asText()).isEqualTo("message");
      assertThat(spec.path("env").isObject()).isTrue();
      assertThat(spec.path("metadata").isObject()).isTrue();
    }
  }

  @Test
  void onlyLanguagesOfTheServerAreOffered() {
    assertThat(KernelSpecs.ALL.of(java.util.Set.of(io.polybius.session.Kind.SPARK)).list())
        .extracting(io.polybius.kernel.KernelSpec::name)
        .containsExactly("polybius-scala");
  }

  @Test
  void kernelspecIsFoundByItsNameAliasesAndLanguageInAnyCase() throws Exception {
    for (String name :
        List.of("polybius-scala", "Polybius-Scala", "sparkkernel", "apache_toree_scala", "spark")) {
      Answer answer = get("/api/kernelspecs/" + name);
      assertThat(answer.status()).as(name).isEqualTo(200);
      assertThat(answer.body().path("name").asText()).isEqualTo(name);
      assertThat(answer.body().at("/spec/language").asText()).isEqualTo("scala");
    }
    assertThat(get("/api/kernelspecs/pysparkkernel").body().at("/spec/language").asText())
        .isEqualTo("python");
    assertThat(get("/api/kernelspecs/sparkrkernel").body().at("/spec/language").asText())
        .isEqualTo("R");
    Answer unknown = get("/api/kernelspecs/cobol");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.body().path("message").asText()).contains("cobol");
  }

  @Test
  void nameBehindTheUserInTheQueryIsTakenForTheOneThatIsAskedFor() throws Exception {
    assertThat(get("/api/kernelspecs?user=ada").body().has("kernelspecs")).isTrue();
    JsonNode one = get("/api/kernelspecs?user=ada/polybius-scala").body();
    assertThat(one.path("name").asText()).isEqualTo("polybius-scala");
    assertThat(one.at("/spec/language").asText()).isEqualTo("scala");
    assertThat(get("/api/kernelspecs?user=ada%2Fpolybius-scala").body()).isEqualTo(one);
    assertThat(get("/api/kernelspecs?user=ada/cobol").status()).isEqualTo(404);
  }

  @Test
  void everyListedLogoIsServed() throws Exception {
    JsonNode specs = get("/api/kernelspecs").body().path("kernelspecs");
    assertThat(specs.at("/polybius-scala/resources").fieldNames())
        .toIterable()
        .containsExactly("logo-svg", "logo-64x64", "logo-32x32");
    for (JsonNode spec : specs) {
      for (JsonNode resource : spec.path("resources")) {
        HttpResponse<byte[]> logo = bytes(resource.asText());
        assertThat(logo.statusCode()).isEqualTo(200);
        boolean svg = resource.asText().endsWith(".svg");
        assertThat(logo.headers().firstValue("Content-Type"))
            .contains(svg ? "image/svg+xml" : "image/png");
        assertThat(new String(logo.body(), 0, 4, java.nio.charset.StandardCharsets.ISO_8859_1))
            .isEqualTo(svg ? "<svg" : "\u0089PNG");
      }
    }
  }

  @Test
  void nothingButLogosIsServed() throws Exception {
    for (String path :
        List.of(
            "/kernelspecs/polybius-scala/kernel.json",
            "/kernelspecs/polybius-scala/..%2Flogo-svg.svg",
            "/kernelspecs/cobol/logo-svg.svg")) {
      assertThat(get(path).status()).as(path).isEqualTo(404);
    }
  }

  private HttpResponse<byte[]> bytes(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(gateway.uri(path)).timeout(PATIENCE).build(),
            BodyHandlers.ofByteArray());
  }

  // ---- kernels

  @Test
  void kernelOfAnAliasIsOneOfTheListedKernelspecs() throws Exception {
    for (String name : List.of("apache_toree_scala", "SparkKernel", "polybius-scala", "scala")) {
      Answer made = post("/api/kernels", "{\"name\":\"%s\"}".formatted(name));
      assertThat(made.status()).isEqualTo(201);
      assertThat(made.body().path("name").asText()).isEqualTo("polybius-scala");
    }
    assertThat(post("/api/kernels", "{\"name\":\"pysparkkernel\"}").body().path("name").asText())
        .isEqualTo("polybius-python");
    assertThat(post("/api/kernels", "").body().path("name").asText()).isEqualTo("polybius-scala");
  }

  @Test
  void statusCountsKernelsAndConnections() throws Exception {
    assertThat(get("/api/status").body().path("kernels").asInt(-1)).isZero();
    String id = post("/api/kernels", "{}").body().path("id").asText();
    WebSocketClient.connect(gateway, id, "a");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> get("/api/status").body().path("connections").asInt() == 1);
    JsonNode status = get("/api/status").body();
    assertThat(status.path("kernels").asInt()).isOne();
    assertThat(status.path("started").asText()).endsWith("Z").contains(".");
    assertThat(status.path("last_activity").asText()).endsWith("Z").contains(".");
  }

  // ---- what clients say in variables

  private SessionSettings settings(String env) throws Exception {
    Answer made = post("/api/kernels", "{\"env\":%s}".formatted(env));
    assertThat(made.status()).as(env).isEqualTo(201);
    return gateway.sessions().sessions().get(gateway.sessions().sessions().size() - 1).settings();
  }

  @Test
  void sparkOptionsOfTheClientAreSettingsOfTheSession() throws Exception {
    SessionSettings settings =
        settings(
            """
            {"KERNEL_USERNAME": "ada", "KERNEL_LAUNCH_TIMEOUT": "$40",
             "KERNEL_WORKING_DIR": "/home/$ada/`notes`",
             "KERNEL_EXTRA_SPARK_OPTS":
               "--conf spark.a=1 --conf=spark.b=2=3 -c 'spark.c=x y' --driver-memory 2g --conf polybius.spark=new --name \\"my job\\""}
            """);

    assertThat(settings.application().conf())
        .containsOnly(
            Map.entry("spark.a", "1"),
            Map.entry("spark.b", "2=3"),
            Map.entry("spark.c", "x y"),
            Map.entry("spark.driver.memory", "2g"),
            Map.entry("polybius.spark", "new"),
            Map.entry("spark.app.name", "my job"));
    assertThat(settings.application().spark()).contains("new");
    assertThat(settings.application().proxyUser()).isEmpty();
  }

  @Test
  void placeOnKubernetesIsASettingOfTheSession() throws Exception {
    SessionSettings settings =
        settings(
            """
            {"KERNEL_NAMESPACE": "team", "KERNEL_IMAGE": "spark:1", "KERNEL_EXECUTOR_IMAGE": "spark:2",
             "KERNEL_SERVICE_ACCOUNT_NAME": "notebooks", "KERNEL_UID": "1000",
             "KERNEL_EXTRA_SPARK_OPTS": "--conf spark.kubernetes.executor.container.image=spark:3"}
            """);

    assertThat(settings.application().conf())
        .containsOnly(
            Map.entry("spark.kubernetes.namespace", "team"),
            Map.entry("spark.kubernetes.driver.container.image", "spark:1"),
            Map.entry("spark.kubernetes.executor.container.image", "spark:3"),
            Map.entry("spark.kubernetes.authenticate.driver.serviceAccountName", "notebooks"));
  }

  @Test
  void twoKernelsMayAskForTheSameApplicationName() throws Exception {
    String env = "{\"KERNEL_EXTRA_SPARK_OPTS\":\"--name twice\"}";
    assertThat(settings(env)).isEqualTo(settings(env));
  }

  @Test
  void claimedUserIsNeitherOwnerNorProxyUser() throws Exception {
    SessionSettings settings = settings("{\"KERNEL_USERNAME\":\"root\"}");

    assertThat(settings.application().proxyUser()).isEmpty();
    assertThat(gateway.sessions().session("0").owner()).isEmpty();
  }

  @Test
  void variablesThatCannotBeMeantAreRefusedWithTheReason() throws Exception {
    Map<String, String> bad =
        Map.ofEntries(
            Map.entry("{\"KERNEL_EXTRA_SPARK_OPTS\":\"--conf spark.a=$(id)\"}", "dollar"),
            Map.entry("{\"KERNEL_EXTRA_SPARK_OPTS\":\"--conf spark.a=`id`\"}", "backtick"),
            Map.entry("{\"KERNEL_USERNAME\":\"a\\nb\"}", "line break"),
            Map.entry("{\"KERNEL_USERNAME\":\"a\\u0000b\"}", "NUL"),
            Map.entry("{\"KERNEL_ID\":\"" + "x".repeat(4097) + "\"}", "4096"),
            Map.entry("{\"KERNEL_USERNAME\":[]}", "KERNEL_USERNAME"),
            Map.entry("{\"KERNEL_EXTRA_SPARK_OPTS\":\"--proxy-user root\"}", "--proxy-user"),
            Map.entry("{\"KERNEL_EXTRA_SPARK_OPTS\":\"rm -rf\"}", "rm"),
            Map.entry("{\"KERNEL_EXTRA_SPARK_OPTS\":\"--conf spark.a\"}", "key=value"),
            Map.entry("{\"KERNEL_EXTRA_SPARK_OPTS\":\"--driver-memory\"}", "needs a value"),
            Map.entry("{\"KERNEL_EXTRA_SPARK_OPTS\":\"--conf 'spark.a=1\"}", "quote"),
            Map.entry("[]", "object"));
    for (Map.Entry<String, String> entry : bad.entrySet()) {
      Answer answer = post("/api/kernels", "{\"env\":%s}".formatted(entry.getKey()));
      assertThat(answer.status()).as(entry.getValue()).isEqualTo(400);
      assertThat(answer.body().path("message").asText()).contains(entry.getValue());
    }
    assertThat(gateway.sessions().sessions()).isEmpty();
  }

  // ---- documents

  @Test
  void documentHasAKernelUntilItIsDeleted() throws Exception {
    String body =
        "{\"path\":\"a.ipynb\",\"name\":\"a\",\"type\":\"notebook\",\"kernel\":{\"name\":\"spark\"}}";
    Answer made = post("/api/sessions", body);

    assertThat(made.status()).isEqualTo(201);
    String id = made.body().path("id").asText();
    assertThat(made.response().headers().firstValue("Location")).contains("/api/sessions/" + id);
    assertThat(made.body().at("/notebook/path").asText()).isEqualTo("a.ipynb");
    String kernel = made.body().at("/kernel/id").asText();
    assertThat(get("/api/kernels/" + kernel).status()).isEqualTo(200);
    assertThat(post("/api/sessions", body).body().path("id").asText()).isEqualTo(id);
    assertThat(get("/api/sessions").body()).hasSize(1);

    Answer renamed = gateway.call("PATCH", "/api/sessions/" + id, "{\"path\":\"b.ipynb\"}");
    assertThat(renamed.body().path("path").asText()).isEqualTo("b.ipynb");
    assertThat(renamed.body().at("/kernel/id").asText()).isEqualTo(kernel);
    Answer other =
        gateway.call("PATCH", "/api/sessions/" + id, "{\"kernel\":{\"name\":\"pyspark\"}}");
    String second = other.body().at("/kernel/id").asText();
    assertThat(second).isNotEqualTo(kernel);
    assertThat(get("/api/kernels/" + kernel).status()).isEqualTo(404);

    assertThat(gateway.call("DELETE", "/api/sessions/" + id, "").status()).isEqualTo(204);
    assertThat(get("/api/kernels/" + second).status()).isEqualTo(404);
    assertThat(get("/api/sessions/" + id).status()).isEqualTo(404);
    assertThat(get("/api/sessions").body()).isEmpty();
  }

  @Test
  void documentGoesWithItsKernel() throws Exception {
    String kernel = post("/api/kernels", "{}").body().path("id").asText();
    Answer made =
        post("/api/sessions", "{\"path\":\"a\",\"kernel\":{\"id\":\"%s\"}}".formatted(kernel));
    assertThat(made.body().at("/kernel/id").asText()).isEqualTo(kernel);

    gateway.call("DELETE", "/api/kernels/" + kernel, "");

    assertThat(get("/api/sessions").body()).isEmpty();
    assertThat(post("/api/sessions", "{}").status()).isEqualTo(400);
    assertThat(post("/api/sessions", "{\"path\":\"a\",\"kernel\":{\"id\":\"none\"}}").status())
        .isEqualTo(404);
  }
}
