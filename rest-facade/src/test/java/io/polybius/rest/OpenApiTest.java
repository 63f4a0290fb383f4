package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.session.BatchState;
import io.polybius.session.Caller;
import io.polybius.session.JobState;
import io.polybius.session.Kind;
import io.polybius.session.SessionState;
import io.polybius.session.StatementState;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import io.undertow.util.Methods;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.AbstractMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The description for programs says what there is, and nothing else. */
@Timeout(30)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenApiTest {

  /** What is written or read of each schema; the body of a message is no record. */
  private static final Map<String, Class<? extends Record>> RECORDS =
      Map.ofEntries(
          Map.entry("Version", VersionInfo.class),
          Map.entry("AppInfo", AppInfoJson.class),
          Map.entry("Session", SessionJson.class),
          Map.entry("SessionPage", PageJson.class),
          Map.entry("State", StateJson.class),
          Map.entry("Log", LogJson.class),
          Map.entry("NewSession", NewSessionJson.class),
          Map.entry("Statement", StatementJson.class),
          Map.entry("Result", OutputJson.Ok.class),
          Map.entry("Failure", OutputJson.Failed.class),
          Map.entry("StatementPage", StatementsApi.StatementList.class),
          Map.entry("NewStatement", StatementsApi.NewStatementJson.class),
          Map.entry("NewResource", ResourcesApi.NewResourceJson.class),
          Map.entry("CompletionRequest", StatementsApi.CompletionRequestJson.class),
          Map.entry("Completion", StatementsApi.CompletionJson.class),
          Map.entry("JobStatus", JobStatusJson.class),
          Map.entry("Job", JobJson.class),
          Map.entry("JobPage", JobsApi.JobList.class),
          Map.entry("NewJob", JobsApi.NewJobJson.class),
          Map.entry("Batch", BatchJson.class),
          Map.entry("BatchPage", PageJson.class),
          Map.entry("NewBatch", NewBatchJson.class),
          Map.entry("OutputText", EventFormat.PutOutText.class),
          Map.entry("OutputData", EventFormat.PutOutData.class),
          Map.entry("Gap", EventFormat.Gap.class));

  private static final Map<Type, String> TYPES =
      Map.of(
          int.class, "integer",
          Integer.class, "integer",
          long.class, "integer",
          double.class, "number",
          String.class, "string",
          byte[].class, "string");

  private final TestingRestServer server =
      new TestingRestServer(ScriptedLauncher.ready(Script.TINY));
  private JsonNode document;

  @BeforeAll
  void read() {
    server.openIdleSession();
    server.run("print a");
    server.post("/sessions/0/submit-job", "{\"job\":\"d2FpdA==\"}");
    server.post("/batches", "{\"file\":\"/a.jar\"}");
    document = json(server.get("/openapi.json"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? document.at(node.get("$ref").asText().substring(1)) : node;
  }

  private JsonNode operation(Route route) {
    return document
        .get("paths")
        .path(route.path())
        .path(route.method().toString().toLowerCase(Locale.ROOT));
  }

  private Set<String> parameters(Route route, String place) {
    Set<String> found = new TreeSet<>();
    elements(operation(route).path("parameters"))
        .map(this::resolved)
        .filter(parameter -> parameter.get("in").asText().equals(place))
        .forEach(parameter -> found.add(parameter.get("name").asText()));
    return found;
  }

  List<Route> routes() {
    return server.routes();
  }

  List<Route> reads() {
    return routes().stream().filter(route -> route.method().equals(Methods.GET)).toList();
  }

  @Test
  void itHasTheRoutesAndNoOthers() {
    List<String> described = new ArrayList<>();
    document
        .get("paths")
        .fields()
        .forEachRemaining(
            path ->
                names(path.getValue())
                    .forEach(
                        method ->
                            described.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));

    assertThat(described)
        .containsExactlyInAnyOrderElementsOf(routes().stream().map(Route::toString).toList());
  }

  @ParameterizedTest
  @MethodSource("routes")
  void pathParametersAreThoseOfTheRoute(Route route) {
    List<String> inPath =
        route.template().stream()
            .filter(segment -> segment.startsWith("{"))
            .map(segment -> segment.substring(1, segment.length() - 1))
            .toList();

    assertThat(parameters(route, "path")).containsExactlyInAnyOrderElementsOf(inPath);
  }

  @ParameterizedTest
  @MethodSource("reads")
  void queryParametersAreThoseThatAreRead(Route route) throws Exception {
    Set<String> read = new TreeSet<>();
    Map<String, Collection<String>> query =
        new AbstractMap<>() {
          @Override
          public Collection<String> get(Object name) {
            read.add((String) name);
            return null;
          }

          @Override
          public Set<Entry<String, Collection<String>>> entrySet() {
            return Set.of();
          }
        };
    Request request =
        new Request(
            Map.of("session", "0", "statement", "0", "job", "1", "batch", "0", "name", "shared"),
            query,
            "",
            Optional.empty(),
            new RequestBody(new ArrayDeque<>(), Optional.empty(), 1, new Json()),
            Optional.empty(),
            Caller.SERVER);

    route.endpoint().answer(request).toCompletableFuture().get().discard();

    assertThat(parameters(route, "query")).isEqualTo(read);
  }

  @Test
  void otherRoutesHaveNoQuery() {
    assertThat(routes())
        .filteredOn(route -> !route.method().equals(Methods.GET))
        .allSatisfy(route -> assertThat(parameters(route, "query")).isEmpty());
  }

  @ParameterizedTest
  @MethodSource("reads")
  void answersHaveTheFieldsOfTheirSchemas(Route route) {
    JsonNode schema =
        resolved(operation(route).at("/responses/200/content/application~1json/schema"));
    if (schema.has("properties")) {
      String path = route.path().replace("{job}", "1").replaceAll("\\{[a-z]+\\}", "0");
      JsonNode answer = json(server.get(path));

      assertThat(names(answer)).isEqualTo(names(schema.get("properties")));
    }
  }

  @Test
  void bodiesAreDescribedWhereTheyAreRead() {
    assertThat(routes())
        .filteredOn(route -> operation(route).has("requestBody"))
        .extracting(Route::toString)
        .containsExactlyInAnyOrder(
            "POST /sessions",
            "POST /batches",
            "POST /sessions/{session}/statements",
            "POST /sessions/{session}/completion",
            "POST /sessions/{session}/submit-job",
            "POST /sessions/{session}/run-job",
            "POST /sessions/{session}/add-jar",
            "POST /sessions/{session}/add-file",
            "POST /sessions/{session}/add-pyfile",
            "POST /sessions/{session}/upload-jar",
            "POST /sessions/{session}/upload-file",
            "POST /sessions/{session}/upload-pyfile");
  }

  @Test
  void schemasAreTheRecords() {
    Set<String> schemas = new TreeSet<>(names(document.at("/components/schemas")));
    schemas.remove("Message");

    assertThat(schemas).isEqualTo(new TreeSet<>(RECORDS.keySet()));
  }

  List<String> schemas() {
    return List.copyOf(RECORDS.keySet());
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void fieldsOfASchemaAreThoseOfItsRecord(String name) {
    JsonNode properties = document.at("/components/schemas/" + name + "/properties");
    Map<String, Type> fields = new HashMap<>();
    List<String> order = new ArrayList<>();
    for (RecordComponent component : RECORDS.get(name).getRecordComponents()) {
      JsonProperty renamed = component.getAccessor().getAnnotation(JsonProperty.class);
      String field = renamed == null ? component.getName() : renamed.value();
      order.add(field);
      fields.put(field, component.getGenericType());
    }

    assertThat(names(properties)).isEqualTo(order);
    fields.forEach((field, type) -> assertType(properties.get(field), type));
  }

  private void assertType(JsonNode schema, Type type) {
    if (TYPES.containsKey(type)) {
      assertThat(schema.path("type").asText()).isEqualTo(TYPES.get(type));
    } else if (type instanceof ParameterizedType generic) {
      Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
      if (generic.getRawType().equals(List.class)) {
        assertThat(schema.path("type").asText()).isEqualTo("array");
        assertType(schema.get("items"), last);
      } else {
        assertThat(generic.getRawType()).isEqualTo(Map.class);
        assertThat(schema.path("type").asText()).isEqualTo("object");
        if (!last.equals(Object.class)) {
          assertType(schema.get("additionalProperties"), last);
        }
      }
    } else if (type.equals(OutputJson.class)) {
      assertThat(elements(schema.get("oneOf")).map(this::record))
          .containsExactly(OutputJson.Ok.class, OutputJson.Failed.class);
    } else if (type instanceof TypeVariable) {
      assertThat(record(schema)).isIn(SessionJson.class, BatchJson.class);
    } else {
      assertThat(record(schema)).isEqualTo(type);
    }
  }

  private Class<?> record(JsonNode reference) {
    return RECORDS.get(reference.get("$ref").asText().substring("#/components/schemas/".length()));
  }

  @Test
  void namesOfStatesAndKindsAreThoseThereAre() {
    assertThat(valuesOf("Session/properties/state")).isEqualTo(texts(SessionState.values()));
    assertThat(valuesOf("Session/properties/kind/anyOf/0")).isEqualTo(texts(Kind.LIVY.toArray()));
    assertThat(valuesOf("Statement/properties/state")).isEqualTo(texts(StatementState.values()));
    assertThat(valuesOf("Job/properties/state")).isEqualTo(texts(JobState.values()));
    assertThat(valuesOf("JobStatus/properties/state")).isEqualTo(texts(JobState.values()));
    assertThat(valuesOf("Batch/properties/state")).isEqualTo(texts(BatchState.values()));
    assertThat(valuesOf("NewSession/properties/kind/anyOf/0"))
        .filteredOn(name -> !name.equals("null"))
        .allMatch(name -> Kind.find(name).isPresent())
        .containsAll(texts(Kind.LIVY.toArray()));
  }

  private List<String> valuesOf(String property) {
    return elements(document.at("/components/schemas/" + property + "/enum"))
        .map(JsonNode::asText)
        .toList();
  }

  private static List<String> texts(Object[] values) {
    return Arrays.stream(values).map(Object::toString).toList();
  }

  @Test
  void allReferencesLeadSomewhere() {
    assertThat(document.findValues("$ref"))
        .isNotEmpty()
        .allSatisfy(
            reference ->
                assertThat(document.at(reference.asText().substring(1)).isMissingNode())
                    .as(reference.asText())
                    .isFalse());
  }

  @Test
  void requiredFieldsAreThere() {
    ObjectNode schemas = new ObjectMapper().createObjectNode();
    schemas.setAll((ObjectNode) document.at("/components/schemas"));
    schemas
        .fields()
        .forEachRemaining(
            schema ->
                assertThat(names(schema.getValue().get("properties")))
                    .as(schema.getKey())
                    .containsAll(
                        elements(schema.getValue().path("required"))
                            .map(JsonNode::asText)
                            .toList()));
  }
}
