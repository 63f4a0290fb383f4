package io.polybius.driver;

import io.polybius.driver.interpreter.ScalaObjects;
import io.polybius.driver.interpreter.ScalaValues;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.magic.MagicException;
import io.polybius.notebook.FrontEnd;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import scala.Tuple2;

/** What code says through {@code kernel}, on the way to the statement that it belongs to. */
final class NotebookFrontEnd implements FrontEnd {

  /** What the doors pass on in one message. */
  private static final int MAX_BYTES = 8 << 20;

  private final OutputCapture statements;
  private final SharedValues sharedValues;

  /**
   * @param statements knows which statement a thread belongs to
   * @param sharedValues what the session shares
   */
  NotebookFrontEnd(OutputCapture statements, SharedValues sharedValues) {
    this.statements = statements;
    this.sharedValues = sharedValues;
  }

  /** Refuses what is too large to be passed on. */
  static void checkSize(long bytes) {
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          String.format(
              "These are %,d bytes; front ends get at most %,d at once.", bytes, MAX_BYTES));
    }
  }

  @Override
  public void put(StatementOutput output) {
    checkSize(bytes(output));
    console().sink().put(output);
  }

  @Override
  public Optional<String> ask(String prompt, boolean password) throws InterruptedException {
    return console().input().ask(prompt, password);
  }

  @Override
  public String json(Object value) {
    return NotebookJson.value(value);
  }

  @Override
  public Map<?, ?> entries(Object map) {
    if (map instanceof Map<?, ?> entries) {
      return entries;
    } else if (map instanceof scala.collection.Map<?, ?> entries) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      scala.collection.Iterator<?> iterator = entries.iterator();
      while (iterator.hasNext()) {
        Tuple2<?, ?> entry = (Tuple2<?, ?>) iterator.next();
        copy.put(entry._1(), entry._2());
      }
      return copy;
    }
    throw new IllegalArgumentException("A map from MIME types to data is wanted here.");
  }

  @Override
  public void share(String name, Object value) {
    try {
      sharedValues.put(name, "spark", ScalaValues.shared(value));
    } catch (MagicException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  @Override
  public Object shared(String name) {
    SharedValue value =
        sharedValues
            .find(name)
            .orElseThrow(
                () -> new NoSuchElementException("Nothing is shared under the name " + name + "."));
    return ScalaObjects.of(value);
  }

  private StatementConsole console() {
    return statements
        .speaker()
        .orElseThrow(
            () -> new IllegalStateException("There is no statement in which this could be shown."));
  }

  /** Returns how large something is that is shown on purpose; 0 for what is not. */
  static long bytes(StatementOutput output) {
    if (output instanceof StatementOutput.Display display) {
      return display.bundle().bytes();
    } else if (output instanceof StatementOutput.DisplayUpdate update) {
      return update.bundle().bytes();
    } else if (output instanceof StatementOutput.Page page) {
      return page.bundle().bytes();
    } else if (output instanceof StatementOutput.NextInput next) {
      return MimeBundle.text(next.text()).bytes();
    }
    return 0;
  }
}
