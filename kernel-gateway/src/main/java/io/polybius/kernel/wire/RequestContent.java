package io.polybius.kernel.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** What clients ask of a kernel. Requests whose content does not matter have no record. */
public sealed interface RequestContent {

  /**
   * Runs code.
   *
   * @param code the user's text
   * @param silent whether the run leaves no trace but its effects
   * @param storeHistory whether it counts and is remembered; never for a silent run
   * @param userExpressions expressions to evaluate afterwards, by name, in the client's order
   * @param allowStdin whether the client can answer questions
   * @param stopOnError whether a failure cancels the requests that wait behind it
   */
  record Execute(
      String code,
      boolean silent,
      boolean storeHistory,
      Map<String, String> userExpressions,
      boolean allowStdin,
      boolean stopOnError)
      implements RequestContent {

    @JsonCreator
    static Execute parse(
        @JsonProperty("code") String code,
        @JsonProperty("silent") Boolean silent,
        @JsonProperty("store_history") Boolean storeHistory,
        @JsonProperty("user_expressions") JsonNode userExpressions,
        @JsonProperty("allow_stdin") Boolean allowStdin,
        @JsonProperty("stop_on_error") Boolean stopOnError) {
      boolean isSilent = isTrue(silent, false);
      return new Execute(
          required(code, "code"),
          isSilent,
          !isSilent && isTrue(storeHistory, true),
          texts(userExpressions),
          isTrue(allowStdin, false),
          isTrue(stopOnError, true));
    }
  }

  /**
   * Asks whether code can be run as it stands.
   *
   * @param code the user's text
   */
  record IsComplete(String code) implements RequestContent {
    /** Checks that there is code. */
    public IsComplete {
      required(code, "code");
    }
  }

  /**
   * Asks how a name goes on.
   *
   * @param code the user's text
   * @param cursorPos where the user is, in Unicode code points
   */
  record Complete(String code, int cursorPos) implements RequestContent {

    @JsonCreator
    static Complete parse(
        @JsonProperty("code") String code, @JsonProperty("cursor_pos") Integer cursorPos) {
      String text = required(code, "code");
      return new Complete(text, cursorPos == null ? codePoints(text) : cursorPos);
    }
  }

  /**
   * Asks what a name is.
   *
   * @param code the user's text
   * @param cursorPos where the user is, in Unicode code points
   * @param detailLevel 0 for the usual, more for all that is known
   */
  record Inspect(String code, int cursorPos, int detailLevel) implements RequestContent {

    @JsonCreator
    static Inspect parse(
        @JsonProperty("code") String code,
        @JsonProperty("cursor_pos") Integer cursorPos,
        @JsonProperty("detail_level") Integer detailLevel) {
      String text = required(code, "code");
      return new Inspect(
          text, cursorPos == null ? codePoints(text) : cursorPos, orZero(detailLevel));
    }
  }

  /**
   * Asks for code that was run before.
   *
   * @param output whether results are wanted too
   * @param access {@code tail}, {@code range} or {@code search}
   * @param count how many of the newest are wanted, for tail and search; at most 0 means all
   * @param session for range: which session, 0 for the present one, negative counts back
   * @param start for range: the first line
   * @param stop for range: the line after the last, 0 for no end
   * @param pattern for search: a glob pattern over whole inputs
   * @param unique for search: whether only the newest of equal inputs is wanted
   */
  record History(
      boolean output,
      String access,
      int count,
      int session,
      int start,
      int stop,
      String pattern,
      boolean unique)
      implements RequestContent {

    @JsonCreator
    static History parse(
        @JsonProperty("output") Boolean output,
        @JsonProperty("hist_access_type") String access,
        @JsonProperty("n") Integer count,
        @JsonProperty("session") Integer session,
        @JsonProperty("start") Integer start,
        @JsonProperty("stop") Integer stop,
        @JsonProperty("pattern") String pattern,
        @JsonProperty("unique") Boolean unique) {
      return new History(
          isTrue(output, false),
          required(access, "hist_access_type"),
          orZero(count),
          orZero(session),
          orZero(start),
          orZero(stop),
          Objects.requireNonNullElse(pattern, "*"),
          isTrue(unique, false));
    }
  }

  /**
   * A message between an object of the client and one of the kernel, the first, the last, or one in
   * between.
   *
   * @param commId names the connection
   * @param targetName who is to take a new connection, else empty
   * @param data what the client's end has to say
   */
  record Comm(String commId, String targetName, ObjectNode data) implements RequestContent {

    @JsonCreator
    static Comm parse(
        @JsonProperty("comm_id") String commId,
        @JsonProperty("target_name") String targetName,
        @JsonProperty("data") ObjectNode data) {
      return new Comm(
          required(commId, "comm_id"),
          Objects.requireNonNullElse(targetName, ""),
          Objects.requireNonNullElseGet(data, JupyterJson::object));
    }
  }

  /**
   * Asks which connections between objects are open.
   *
   * @param targetName only those of this target, or empty for all
   */
  record CommInfo(String targetName) implements RequestContent {
    /** Reads a missing target as all. */
    public CommInfo {
      targetName = Objects.requireNonNullElse(targetName, "");
    }
  }

  /**
   * Answers {@link InputRequest}.
   *
   * @param value the line that the user typed, without its end
   */
  record InputReply(String value) implements RequestContent {
    /** Checks that there is a line. */
    public InputReply {
      required(value, "value");
    }

    /** Keeps what a user typed, perhaps a password, out of logs. */
    @Override
    public String toString() {
      return "InputReply[]";
    }
  }

  /**
   * Ends the kernel.
   *
   * @param restart whether it begins again
   */
  record Shutdown(boolean restart) implements RequestContent {}

  /**
   * A message of the debugger protocol.
   *
   * @param seq its number
   * @param command what it asks for
   */
  record Debug(int seq, String command) implements RequestContent {
    /** Reads a missing command as an empty one. */
    public Debug {
      command = Objects.requireNonNullElse(command, "");
    }
  }

  private static <T> T required(T value, String field) {
    if (value == null) {
      throw new IllegalArgumentException("the field " + field + " is missing");
    }
    return value;
  }

  private static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (object instanceof ObjectNode named) {
      named
          .fields()
          .forEachRemaining(
              field -> {
                if (!field.getValue().isTextual()) {
                  throw new IllegalArgumentException("user_expressions must be texts");
                }
                texts.put(field.getKey(), field.getValue().textValue());
              });
    }
    return Collections.unmodifiableMap(texts);
  }

  private static boolean isTrue(Boolean value, boolean otherwise) {
    return value == null ? otherwise : value;
  }

  private static int orZero(Integer value) {
    return value == null ? 0 : value;
  }

  private static int codePoints(String text) {
    return text.codePointCount(0, text.length());
  }
}
