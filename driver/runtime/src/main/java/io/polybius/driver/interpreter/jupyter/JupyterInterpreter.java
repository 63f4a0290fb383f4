package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.StatementException;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.interpreter.process.KeptProcess;
import io.polybius.driver.interpreter.process.WrittenAnswers;
import io.polybius.driver.protocol.Candidate;
import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.magic.MagicException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A language that an installed Jupyter kernel runs, in a process of its own, which starts with the
 * first statement. When that process ends, the statement that it runs fails, and the next one
 * starts another.
 */
public final class JupyterInterpreter implements Interpreter {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String KIND = "jupyter:";
  private static final String EXPRESSION = "value";

  /** No Spark job has to end first. */
  private static final KeptProcess.Pace PACE =
      new KeptProcess.Pace(Duration.ZERO, Duration.ofSeconds(1));

  /** A little less than what the one who asks waits. */
  private static final Duration QUESTION_PATIENCE = Duration.ofMillis(1800);

  private final InstalledKernel kernel;
  private final KeptProcess<KernelProcess> process;

  private JupyterInterpreter(InstalledKernel kernel, Path directory) {
    this.kernel = kernel;
    String name = "kernel " + kernel.name();
    this.process =
        new KeptProcess<>(
            new KeptProcess.Names("Kernel", name, "The " + name),
            PACE,
            execution -> KernelProcess.start(kernel, directory, execution));
  }

  /**
   * Returns the languages of all kernels that are installed; starts nothing yet.
   *
   * @param folders where Jupyter looks for kernels
   * @param directory for the connection files
   */
  public static List<JupyterInterpreter> installed(List<Path> folders, Path directory) {
    return InstalledKernel.in(folders).stream()
        .map(kernel -> new JupyterInterpreter(kernel, directory))
        .toList();
  }

  @Override
  public String kind() {
    return KIND + kernel.name();
  }

  @Override
  public void prepare(Execution execution) throws StatementException {
    KernelProcess unused = process.get(execution);
  }

  /** What looks like a magic that the driver does not have may mean something to the kernel. */
  @Override
  public boolean takesUnknownMagics() {
    return true;
  }

  @Override
  public void execute(String code, Execution execution) throws StatementException {
    JsonNode reply = run(request(code, false).put("allow_stdin", execution.mayAsk()), execution);
    if (!KernelProcess.isOk(reply)) {
      throw new StatementException(
          execution.isCancelled() ? KernelOutput.interrupted(reply) : KernelOutput.error(reply));
    }
  }

  private static ObjectNode request(String code, boolean silent) {
    ObjectNode request =
        JSON.createObjectNode()
            .put("code", code)
            .put("silent", silent)
            .put("store_history", !silent)
            .put("allow_stdin", false)
            .put("stop_on_error", false);
    request.putObject("user_expressions");
    return request;
  }

  private JsonNode run(ObjectNode request, Execution execution) throws StatementException {
    return process.run(execution, running -> running.run(request, execution));
  }

  @Override
  public MimeBundle evaluate(String expression, Execution execution) throws StatementException {
    ObjectNode request = request("", true);
    request.putObject("user_expressions").put(EXPRESSION, expression);
    JsonNode value = run(request, execution).path("user_expressions").path(EXPRESSION);
    if (value.isMissingNode()) {
      throw new StatementException(
          new StatementError(
              Origin.DRIVER,
              "NotEvaluated",
              "The kernel " + kernel.name() + " does not evaluate expressions.",
              List.of()));
    } else if (!KernelProcess.isOk(value)) {
      throw new StatementException(KernelOutput.error(value));
    }
    return KernelOutput.bundle(value.path("data"));
  }

  // ---- questions

  private Optional<JsonNode> ask(String type, ObjectNode question) {
    return process.living().flatMap(running -> running.ask(type, question, QUESTION_PATIENCE));
  }

  @Override
  public CompletenessChecked completeness(int requestId, String code) {
    return WrittenAnswers.completeness(
        requestId, ask("is_complete_request", JSON.createObjectNode().put("code", code)));
  }

  @Override
  public Completion complete(String code, int cursor) {
    // Jupyter counts characters where Java counts UTF-16 units.
    int at = code.codePointCount(0, cursor);
    return ask("complete_request", JSON.createObjectNode().put("code", code).put("cursor_pos", at))
        .map(answer -> completion(answer, code, cursor))
        .orElseGet(() -> Completion.none(cursor));
  }

  private static Completion completion(JsonNode answer, String code, int cursor) {
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    answer
        .path("matches")
        .forEach(match -> candidates.put(match.asText(), Candidate.of(match.asText())));
    answer
        .path("metadata")
        .path("_jupyter_types_experimental")
        .forEach(
            match ->
                candidates.computeIfPresent(
                    match.path("text").asText(),
                    (text, plain) ->
                        new Candidate(
                            text, match.path("type").asText(), match.path("signature").asText())));
    int start = offset(code, answer.path("cursor_start"));
    int end = offset(code, answer.path("cursor_end"));
    return start <= end
        ? new Completion(List.copyOf(candidates.values()), start, end)
        : Completion.none(cursor);
  }

  private static int offset(String code, JsonNode characters) {
    int most = code.codePointCount(0, code.length());
    return code.offsetByCodePoints(0, Math.max(0, Math.min(characters.asInt(), most)));
  }

  @Override
  public Optional<MimeBundle> inspect(String code, int cursor, boolean detailed) {
    return ask(
            "inspect_request",
            JSON.createObjectNode()
                .put("code", code)
                .put("cursor_pos", code.codePointCount(0, cursor))
                .put("detail_level", detailed ? 1 : 0))
        .filter(answer -> answer.path("found").asBoolean())
        .map(answer -> KernelOutput.bundle(answer.path("data")))
        .filter(bundle -> !bundle.entries().isEmpty());
  }

  @Override
  public Variable variable(String name, int maxRows) throws MagicException {
    throw new MagicException(
        MagicException.VALUE_ERROR, "Values of Jupyter kernels cannot be used by magics.");
  }

  @Override
  public void interrupt(Thread running, Duration elapsed) {
    process.interrupt(elapsed);
  }

  @Override
  public void close() {
    process.close();
  }
}
