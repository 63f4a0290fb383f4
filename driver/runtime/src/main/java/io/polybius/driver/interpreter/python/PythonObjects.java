package io.polybius.driver.interpreter.python;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.process.WrittenValues;
import io.polybius.magic.MagicException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;

/**
 * What Python calls about the objects that its jobs share. Python keeps the objects by number;
 * which of them has which name is known here only, among what all languages share.
 */
public final class PythonObjects {

  /** Such a name has nothing, or something that is no object of this Python. */
  private static final long NOTHING = -1;

  private static final long OTHER = 0;

  /** How long Python may take for a copy. */
  private static final Duration COPY_PATIENCE = Duration.ofSeconds(30);

  private final SharedValues values;
  private final Function<ObjectNode, CompletableFuture<JsonNode>> questions;

  /**
   * @param questions asks Python
   */
  PythonObjects(SharedValues values, Function<ObjectNode, CompletableFuture<JsonNode>> questions) {
    this.values = values;
    this.questions = questions;
  }

  /** Python has ended. */
  void close() {
    values.forget(this);
  }

  /**
   * Shares an object.
   *
   * @param number from 1 on, another one for each
   * @param type what it is
   * @param frame what it is to Spark; null for what is no DataFrame
   */
  public void share(String name, long number, String type, Dataset<?> frame) {
    SharedValue.Foreign.Copier copier =
        frame == null ? () -> copy(name, number, type) : () -> new SharedValue.Frame(frame);
    values.putForeign(
        name, PythonInterpreter.KIND, new SharedValue.Foreign(this, number, type, copier));
  }

  private SharedValue copy(String name, long number, String type) throws MagicException {
    String reason = "Python does not say what it is";
    try {
      JsonNode answer =
          questions
              .apply(JsonNodeFactory.instance.objectNode().put("do", "copy").put("object", number))
              .get(COPY_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (answer.has("plain")) {
        return new SharedValue.Data(WrittenValues.read(answer.get("plain")));
      }
      reason = answer.path("refused").asText(reason);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      reason += " (" + e + ")";
    }
    throw new MagicException(
        MagicException.VALUE_ERROR,
        name
            + " is an object of a job in Python, a "
            + type
            + ", of which others can have no copy: "
            + reason);
  }

  /**
   * Returns the number of the object of that name; 0 if that is no object of this Python, else -1.
   */
  public long find(String name) {
    Optional<SharedValue> found = values.find(name);
    if (found.isPresent()
        && found.get() instanceof SharedValue.Foreign foreign
        && foreign.holder() == this) {
      return foreign.number();
    }
    return found.isPresent() ? OTHER : NOTHING;
  }

  /** Shares something no longer, whatever it is. */
  public void remove(String name) {
    Optional<SharedValue> unused = values.remove(name);
  }

  /** Returns the numbers of the objects that are still shared, with blanks between. */
  public String numbers() {
    return values.numbersOf(this).stream().map(String::valueOf).collect(Collectors.joining(" "));
  }
}
