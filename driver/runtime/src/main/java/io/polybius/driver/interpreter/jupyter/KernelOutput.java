package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.interpreter.process.KeptProcess;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What a kernel puts out, in the words of statements. */
final class KernelOutput {

  private static final Pattern ESCAPES = Pattern.compile("\u001b\\[[0-9;]*[A-Za-z]");

  /** Bash has no names for its errors, and every error needs one. */
  private static final String NAMELESS = "Error";

  private KernelOutput() {}

  /** Puts out what a message shows; nothing if it is of another type. */
  static void put(KernelMessage message, Execution execution) {
    JsonNode content = message.content();
    String displayId = content.path("transient").path("display_id").asText();
    switch (message.type()) {
      case "stream" -> print(content, execution);
      case "execute_result" -> {
        MimeBundle value = bundle(content.path("data"));
        value
            .find(MimeBundle.TEXT)
            .ifPresent(text -> execution.put(new StatementOutput.Echo(text.data() + "\n")));
        execution.put(new StatementOutput.Value(value));
      }
      case "display_data" ->
          execution.put(new StatementOutput.Display(bundle(content.path("data")), displayId));
      case "update_display_data" ->
          execution.put(new StatementOutput.DisplayUpdate(bundle(content.path("data")), displayId));
      case "clear_output" ->
          execution.put(new StatementOutput.Clear(content.path("wait").asBoolean()));
      case KernelMessage.UNREADABLE ->
          KeptProcess.tell(execution, content.path("evalue").asText() + "\n");
      default -> {}
    }
  }

  private static void print(JsonNode content, Execution execution) {
    byte[] text = content.path("text").asText().getBytes(StandardCharsets.UTF_8);
    boolean isError = content.path("name").asText().equals("stderr");
    execution.print(isError ? StreamName.STDERR : StreamName.STDOUT, text, 0, text.length);
  }

  /** Puts out what a reply asks the front end to do. */
  static void putPayload(JsonNode reply, Execution execution) {
    for (JsonNode payload : reply.path("payload")) {
      String source = payload.path("source").asText();
      if (source.equals("page")) {
        execution.put(new StatementOutput.Page(bundle(payload.path("data"))));
      } else if (source.equals("set_next_input")) {
        execution.put(
            new StatementOutput.NextInput(
                payload.path("text").asText(), payload.path("replace").asBoolean()));
      }
    }
  }

  /** Returns the forms of a value as the kernel gives them. */
  static MimeBundle bundle(JsonNode data) {
    List<MimeBundle.Entry> entries = new ArrayList<>();
    data.fields()
        .forEachRemaining(
            form ->
                entries.add(
                    new MimeBundle.Entry(form.getKey(), text(form.getKey(), form.getValue()))));
    return new MimeBundle(entries);
  }

  private static String text(String mimeType, JsonNode data) {
    boolean isJson = new MimeBundle.Entry(mimeType, "").isJson();
    return !isJson && data.isValueNode() ? data.asText() : data.toString();
  }

  /**
   * Returns why a kernel's code failed.
   *
   * @param failure the content of an {@code error}, or of a reply that says the same
   */
  static StatementError error(JsonNode failure) {
    String name = failure.path("ename").asText();
    List<String> shown = new ArrayList<>();
    failure.path("traceback").forEach(line -> shown.add(line.asText()));
    return new StatementError(
        Origin.USER_CODE,
        name.isEmpty() ? NAMELESS : name,
        plain(failure.path("evalue").asText()),
        shown.stream().flatMap(text -> plain(text).lines()).toList(),
        shown);
  }

  /** Returns that a statement was interrupted, with what its kernel said about that. */
  static StatementError interrupted(JsonNode failure) {
    StatementError said = error(failure);
    return StatementError.interrupted(said.traceback(), said.trace());
  }

  private static String plain(String text) {
    return ESCAPES.matcher(text).replaceAll("");
  }
}
