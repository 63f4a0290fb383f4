package io.polybius.tests;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** The contract for SQL, which prints nothing and whose results are all tables. */
abstract class SqlContract extends InterpreterContract {

  private static final String SLEEP =
      "java_method('java.lang.Thread', 'sleep', 300 + id * 600000L)";
  private static final String FRAME = "[^\n]+\\([^\n]+\\)";

  @Override
  String kind() {
    return "sql";
  }

  private static Sample query(String code, String fields, String data) {
    return new Sample(
        code,
        Pattern.quote(
            "{\"schema\":{\"type\":\"struct\",\"fields\":["
                + fields
                + "]},\"data\":"
                + data
                + "}"));
  }

  private static String field(String name, String type, boolean nullable) {
    return "{\"name\":\"%s\",\"type\":\"%s\",\"nullable\":%s,\"metadata\":{}}"
        .formatted(name, type, nullable);
  }

  @Override
  Sample value() {
    return query("select 6 * 7 as n", field("n", "integer", false), "[[42]]");
  }

  @Override
  Sample streams() {
    return value();
  }

  @Override
  Sample unicode() {
    String text = "\u00e9\ud83d\ude00 \u4e2d";
    return query("select '" + text + "' as t", field("t", "string", false), "[[\"" + text + "\"]]");
  }

  @Override
  Failure failing() {
    return new Failure(
        "select assert_true(id < 0) from range(1)", "Error", "(?s).*' is not true.*", FRAME);
  }

  @Override
  Failure wrong() {
    return new Failure(
        "select * from no_such_table", "Error", "(?s)\\[TABLE_OR_VIEW_NOT_FOUND\\].*", FRAME);
  }

  @Override
  Failure incomplete() {
    return new Failure("select (1", "Error", "(?s)\\s*\\[PARSE_SYNTAX_ERROR\\].*", FRAME);
  }

  @Override
  String muchOutput() {
    return "select repeat('x', 1000000) as t from range(10)";
  }

  @Override
  String longJob() {
    return "select max(slept) from (select " + SLEEP + " as slept from range(0, 2, 1, 2))";
  }

  @Override
  String sleep(Path begun) {
    return "select " + SLEEP + " from range(0, 2, 1, 2)";
  }

  @Override
  String endlessLoop(Path begun) {
    return "select sum(n) from (select length(java_method('java.lang.Thread', 'sleep', 300L)) as n"
        + " from range(0, 2, 1, 2) union all select id % 7 from range(0, 1000000000000000, 1, 1))";
  }

  /** SQL has no other native calls than those of Java that a job makes. */
  @Override
  String nativeCall(Path begun) {
    return longJob();
  }

  @Override
  Failure deepRecursion() {
    return new Failure(
        "select " + "1 + ".repeat(20_000) + "1",
        "Error",
        "(?s)java\\.lang\\.StackOverflowError|.*\\[FAILED_TO_PARSE_TOO_COMPLEX\\].*",
        FRAME);
  }

  @Override
  Failure outOfMemory() {
    return new Failure(
        "select size(sequence(0, 100000000000))",
        "Error",
        "(?s).*(sequence|array size limit).*",
        FRAME);
  }

  @Override
  Optional<Failure> exit() {
    return Optional.of(new Failure("exit", "Error", "(?s).*PARSE_SYNTAX_ERROR.*", FRAME));
  }

  @Override
  Sample forksAndThreads() {
    return query("select sum(id) as n from range(0, 10, 1, 4)", field("n", "long", true), "[[45]]");
  }

  @Override
  Sample table() {
    return query(
        "select id, id / 4 as quarter, nullif(id, 0) as some from range(2)",
        field("id", "long", false)
            + ","
            + field("quarter", "double", true)
            + ","
            + field("some", "long", true),
        "[[0,0.0,null],[1,0.25,1]]");
  }

  @Override
  String makeView(String name) {
    return "create or replace temporary view " + name + " as select * from range(3)";
  }

  @Override
  Sample countView(String name) {
    return query("select count(*) as n from " + name, field("n", "long", false), "[[3]]");
  }

  @Override
  String unfinished(String view) {
    return "select * from " + view.substring(0, view.length() - 1);
  }

  @Override
  String finished(String view) {
    return view;
  }
}
