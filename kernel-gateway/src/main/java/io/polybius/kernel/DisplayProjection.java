package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.ExpressionResult;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.PublishedContent;
import io.polybius.kernel.wire.ReplyContent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows what statements put out as Jupyter's clients show it best. Of a result's forms, a client
 * takes the one that it ranks first, so a form that would hide a better one is left out.
 */
final class DisplayProjection {

  private static final Pattern ESCAPES = Pattern.compile("\u001b\\[[0-9;]*m");

  private static final Logger log = LoggerFactory.getLogger(DisplayProjection.class);

  /** Forms that show data as it is, and no better than others do. */
  private static final Set<String> PLAIN_FORMS =
      Set.of(MimeBundle.TEXT, MimeBundle.JSON, MimeBundle.LIVY_TABLE);

  /**
   * Returns the message for an output, if clients see it.
   *
   * @param executionCount the number of the execution
   * @param silent whether the client wants no value
   */
  Optional<PublishedContent> project(StatementOutput output, int executionCount, boolean silent) {
    if (output instanceof StatementOutput.StreamText text) {
      return Optional.of(
          new PublishedContent.Stream(
              text.stream() == StreamName.STDOUT ? "stdout" : "stderr", text.text()));
    }
    if (output instanceof StatementOutput.Display display) {
      return Optional.of(
          new PublishedContent.DisplayData(
              data(display.bundle()), JupyterJson.object(), named(display.displayId())));
    }
    if (output instanceof StatementOutput.DisplayUpdate update) {
      return Optional.of(
          new PublishedContent.UpdateDisplayData(
              data(update.bundle()), JupyterJson.object(), named(update.displayId())));
    }
    if (output instanceof StatementOutput.Clear clear) {
      return Optional.of(new PublishedContent.ClearOutput(clear.later()));
    }
    if (output instanceof StatementOutput.Value value && !silent) {
      return Optional.of(
          new PublishedContent.ExecuteResult(
              data(value.bundle()), JupyterJson.object(), executionCount));
    }
    // An echo repeats what the value says; payloads go with the reply.
    return Optional.empty();
  }

  /** Returns what the reply to the client that ran the code asks of it, if the output is that. */
  Optional<ReplyContent.Payload> payload(StatementOutput output) {
    if (output instanceof StatementOutput.Page page) {
      return Optional.of(new ReplyContent.Page(data(page.bundle()), 0));
    }
    if (output instanceof StatementOutput.NextInput next) {
      return Optional.of(new ReplyContent.NextInput(next.text(), next.replace()));
    }
    return Optional.empty();
  }

  /** Returns what became of an expression that a client wanted. */
  ReplyContent project(ExpressionResult result) {
    if (result instanceof ExpressionResult.Evaluated evaluated) {
      return new ReplyContent.Evaluated(data(evaluated.value()), JupyterJson.object());
    }
    PublishedContent.Failure failure = project(((ExpressionResult.NotEvaluated) result).error());
    return new ReplyContent.Failed(failure.ename(), failure.evalue(), failure.traceback());
  }

  /** Returns the message for an error. */
  PublishedContent.Failure project(StatementError error) {
    if (error.trace().isEmpty()) {
      List<String> lines = new ArrayList<>();
      headline(error).lines().forEach(lines::add);
      lines.addAll(error.traceback());
      return new PublishedContent.Failure(error.name(), error.message(), lines);
    } else if (error.origin() == StatementError.Origin.COMPILER) {
      // The compiler counts its lines in another way than the user.
      String message =
          error.trace().stream()
              .filter(line -> line.contains("error: "))
              .findFirst()
              .orElse(error.message());
      return new PublishedContent.Failure(
          error.name(), message, TraceColors.ofCompiler(error.trace()));
    }
    return new PublishedContent.Failure(
        error.name(),
        error.message(),
        isWhole(error.trace(), error.name())
            ? error.trace()
            : TraceColors.of(headline(error), error.trace()));
  }

  /** Python's own tracebacks say last what was thrown, and have their colours. */
  private static boolean isWhole(List<String> trace, String thrown) {
    return ESCAPES.matcher(trace.get(trace.size() - 1)).replaceAll("").startsWith(thrown);
  }

  private static String headline(StatementError error) {
    if (error.message().isEmpty()) {
      return error.name();
    }
    return switch (error.origin()) {
      case USER_CODE, INTERRUPT -> error.name() + ": " + error.message();
      case INCOMPLETE -> error.message() + ": the code ends in the middle of a statement.";
      case COMPILER, MAGIC, DRIVER -> error.message();
    };
  }

  /** Returns the plain text of a bundle. */
  static String text(MimeBundle bundle) {
    return bundle
        .find(MimeBundle.TEXT)
        .or(() -> bundle.find(MimeBundle.JSON))
        .map(MimeBundle.Entry::data)
        .orElseGet(() -> "<" + bundle.entries().get(0).mimeType() + ">");
  }

  private static ObjectNode named(String displayId) {
    ObjectNode transientData = JupyterJson.object();
    return displayId.isEmpty() ? transientData : transientData.put("display_id", displayId);
  }

  /** Returns the forms of a bundle that a client is to choose from; plain text is always there. */
  static ObjectNode data(MimeBundle bundle) {
    // JupyterLab ranks JSON before all others.
    boolean hasRicher =
        bundle.entries().stream()
            .map(MimeBundle.Entry::mimeType)
            .anyMatch(type -> !PLAIN_FORMS.contains(type));
    ObjectNode data = JupyterJson.object();
    for (MimeBundle.Entry entry : bundle.entries()) {
      boolean hidesRicher = hasRicher && entry.mimeType().equals(MimeBundle.JSON);
      if (hidesRicher || entry.mimeType().equals(MimeBundle.LIVY_TABLE)) {
        continue;
      }
      if (entry.isJson()) {
        putJson(data, entry);
      } else {
        data.put(entry.mimeType(), entry.data());
      }
    }
    if (!data.has(MimeBundle.TEXT)) {
      data.put(MimeBundle.TEXT, bundle.entries().isEmpty() ? "" : text(bundle));
    }
    return data;
  }

  private static void putJson(ObjectNode data, MimeBundle.Entry entry) {
    try {
      data.set(entry.mimeType(), JupyterJson.readValue(entry.data()));
    } catch (MalformedMessageException e) {
      log.warn("a form of type {} is left out: {}", entry.mimeType(), e.getMessage());
    }
  }
}
