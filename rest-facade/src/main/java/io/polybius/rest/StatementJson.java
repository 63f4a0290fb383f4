package io.polybius.rest;

import io.polybius.session.Statement;

/** A statement as clients see it: Livy's fields in Livy's order, all of them always present. */
record StatementJson(
    int id,
    String code,
    String state,
    OutputJson output,
    double progress,
    long started,
    long completed) {

  static StatementJson of(Statement statement, Json json) {
    return new StatementJson(
        statement.id(),
        statement.code(),
        statement.state().toString(),
        OutputJson.of(statement, json).orElse(null),
        statement.progress(),
        statement.startedMillis(),
        statement.completedMillis());
  }
}
