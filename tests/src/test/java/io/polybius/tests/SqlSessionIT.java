package io.polybius.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** SQL on a real Spark at the REST door, beside the other languages of a shared session. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SqlSessionIT {

  private RunningServer server;
  private RestClient rest;
  private int session;

  @BeforeAll
  void openSession() throws Exception {
    server = RunningServer.start();
    rest = server.rest();
    session = rest.openSession("{\"kind\": \"shared\"}");
  }

  @AfterAll
  void stopServer() throws Exception {
    server.close();
  }

  private JsonNode run(String kind, String code) {
    return rest.run(session, kind, code).get("output");
  }

  private JsonNode result(String code) {
    JsonNode output = run("sql", code);
    assertThat(output.get("status").asText()).as(output.toString()).isEqualTo("ok");
    assertThat(output.get("data")).hasSize(1);
    return output.at("/data/application~1json");
  }

  @Test
  void resultsHaveTheFormThatLivyGivesThem() {
    assertThat(result("select 1 as a, 'x' as b, cast(null as date) as c, 1.25 as d").toString())
        .isEqualTo(
            "{\"schema\":{\"type\":\"struct\",\"fields\":["
                + "{\"name\":\"a\",\"type\":\"integer\",\"nullable\":false,\"metadata\":{}},"
                + "{\"name\":\"b\",\"type\":\"string\",\"nullable\":false,\"metadata\":{}},"
                + "{\"name\":\"c\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}},"
                + "{\"name\":\"d\",\"type\":\"decimal(3,2)\",\"nullable\":false,\"metadata\":{}}]},"
                + "\"data\":[[1,\"x\",null,1.25]]}");
    assertThat(result("select * from range(3000)").get("data")).hasSize(1000);
  }

  @Test
  void statementWithoutAResultHasNoFields() {
    JsonNode made = result("create or replace temporary view nothing as select 1 as one");
    assertThat(made.at("/schema/fields")).isEmpty();
    assertThat(made.get("data")).isEmpty();
    assertThat(result("select one from nothing; -- the end;\n").get("data").toString())
        .isEqualTo("[[1]]");
  }

  @Test
  void errorsSayWhatSparkSays() {
    JsonNode missing = run("sql", "select * from no_such_table");
    assertThat(missing.get("status").asText()).isEqualTo("error");
    assertThat(missing.get("ename").asText()).isEqualTo("Error");
    assertThat(missing.get("evalue").asText()).contains("TABLE_OR_VIEW_NOT_FOUND");
    assertThat(missing.get("traceback")).isNotEmpty();
    assertThat(run("sql", "selekt 1").get("evalue").asText()).contains("PARSE_SYNTAX_ERROR");
  }

  @Test
  void viewsOfOneLanguageAreSeenByTheOthers() {
    run("spark", "spark.range(4).createOrReplaceTempView(\"of_scala\")");
    run("pyspark", "spark.range(5).createOrReplaceTempView('of_python')");

    assertThat(
            result("select (select count(*) from of_scala), (select count(*) from of_python)")
                .get("data")
                .toString())
        .isEqualTo("[[4,5]]");
    assertThat(run("pyspark", "spark.table('of_scala').count()").at("/data/text~1plain").asText())
        .isEqualTo("4");
  }

  /** Returns how a text could go on at the place of a bar in it. */
  private List<String> candidates(String marked) {
    int cursor = marked.indexOf('|');
    String body =
        RestClient.JSON
            .createObjectNode()
            .put("kind", "sql")
            .put("code", marked.replace("|", ""))
            .put("cursor", cursor)
            .toString();
    JsonNode found = rest.call("POST", "/sessions/" + session + "/completion", body);
    List<String> texts = new ArrayList<>();
    found.get("candidates").forEach(candidate -> texts.add(candidate.asText()));
    return texts;
  }

  @Test
  void tablesAndTheirColumnsAreOffered() {
    run(
        "sql",
        """
        create or replace temporary view completed_sales as
        select 'north' as region, 1.5 as `unit price`, named_struct('day', 1, 'month', 2) as sold;
        create or replace temporary view completed_stores as select 1 as store_number""");

    assertThat(candidates("select * from completed_s|"))
        .containsExactly("completed_sales", "completed_stores");
    assertThat(candidates("select re| from completed_sales"))
        .contains("region")
        .element(0)
        .isEqualTo("region");
    assertThat(candidates("select s.| from completed_sales as s, completed_stores"))
        .containsExactly("region", "`unit price`", "sold");
    assertThat(candidates("select sold.| from completed_sales")).containsExactly("day", "month");
    assertThat(candidates("select t.| from completed_sales s join completed_stores t"))
        .containsExactly("store_number");
    assertThat(candidates("select store_n| from completed_sales; select 1"))
        .doesNotContain("store_number");
  }

  @Test
  void functionsAndKeywordsAreOffered() {
    assertThat(candidates("sel|")).contains("select");
    assertThat(candidates("SEL|")).contains("SELECT");
    assertThat(candidates("select date_tr|")).containsExactly("date_trunc");
    assertThat(candidates("select 'sel|")).isEmpty();
  }
}
