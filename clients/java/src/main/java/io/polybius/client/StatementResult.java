package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What has become of a statement: what it shows, or its error. */
public final class StatementResult {

  private final boolean succeeded;
  private final Map<String, Object> data;
  private final String errorName;
  private final String errorMessage;
  private final List<String> traceback;

  /** Takes it from the output of a statement, as the server describes it. */
  StatementResult(JsonNode output) {
    this.succeeded = output.path("status").asText().equals("ok");
    Map<String, Object> forms = new LinkedHashMap<>();
    output
        .path("data")
        .fields()
        .forEachRemaining(
            form ->
                forms.put(
                    form.getKey(), Connection.JSON.convertValue(form.getValue(), Object.class)));
    this.data = Collections.unmodifiableMap(forms);
    this.errorName = output.path("ename").asText("");
    this.errorMessage = output.path("evalue").asText("");
    List<String> lines = new ArrayList<>();
    output.path("traceback").forEach(line -> lines.add(line.asText()));
    this.traceback = Collections.unmodifiableList(lines);
  }

  /** Returns whether it has ended without an error. */
  public boolean succeeded() {
    return succeeded;
  }

  /**
   * Returns what it shows as text, which may be empty; also what it has printed before an error.
   */
  public String text() {
    Object text = data.get("text/plain");
    return text == null ? "" : text.toString();
  }

  /** Returns what it shows, by MIME type: texts, and JSON as maps, lists, numbers and texts. */
  public Map<String, Object> data() {
    return data;
  }

  /** Returns the kind of its error; empty if there is none. */
  public String errorName() {
    return errorName;
  }

  /** Returns what its error says; empty if there is none. */
  public String errorMessage() {
    return errorMessage;
  }

  /** Returns the lines of the error's trace. */
  public List<String> traceback() {
    return traceback;
  }

  @Override
  public String toString() {
    return succeeded ? text() : errorName + ": " + errorMessage;
  }
}
