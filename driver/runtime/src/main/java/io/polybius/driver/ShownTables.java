package io.polybius.driver;

import io.polybius.driver.interpreter.Variable;
import io.polybius.magic.PlainValue;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;

/**
 * The tables that the latest statements have shown, one for each statement: the last one. Of a
 * DataFrame this is how to compute it; of a value in memory, the value. Of those there is a limit:
 * the oldest ones make room for the newest, which is kept however large it is.
 */
final class ShownTables {

  /** Of so many statements. */
  static final int MOST = 100;

  /** Of so many values in memory, all in all. */
  static final long MOST_VALUES = 500_000;

  /** What a statement has shown. */
  sealed interface Shown {}

  /** Something that Spark computes. */
  record Frame(Dataset<?> frame) implements Shown {}

  /** Something in memory. */
  record InMemory(PlainValue value) implements Shown {}

  /**
   * Returns what a magic shows that has looked a variable up.
   *
   * @param variable what it was given
   */
  static Shown of(Variable variable) {
    return variable.frame().<Shown>map(Frame::new).orElseGet(() -> new InMemory(variable.value()));
  }

  // Guarded by this, the oldest first:
  private final Map<Integer, Shown> tables = new LinkedHashMap<>();
  private final BitSet forgotten = new BitSet();
  private long values;

  /** Remembers the table of a statement, in place of the one before. */
  synchronized void add(int statementId, Shown shown) {
    if (statementId < 0) {
      // Nobody can ask for what hidden statements show.
      return;
    }
    remove(statementId);
    forgotten.clear(statementId);
    tables.put(statementId, shown);
    values += weight(shown);
    for (int id : List.copyOf(tables.keySet())) {
      if (tables.size() > MOST || (hasTooManyValues(shown) && isOtherInMemory(id, statementId))) {
        remove(id);
        forgotten.set(id);
      }
    }
  }

  /** What Spark computes takes no place, and so nothing has to make room for it. */
  private boolean hasTooManyValues(Shown added) {
    return added instanceof InMemory && values > MOST_VALUES;
  }

  private boolean isOtherInMemory(int statementId, int added) {
    return statementId != added && tables.get(statementId) instanceof InMemory;
  }

  private void remove(int statementId) {
    Shown before = tables.remove(statementId);
    if (before != null) {
      values -= weight(before);
    }
  }

  /** Returns what a statement has shown. */
  synchronized Optional<Shown> of(int statementId) {
    return Optional.ofNullable(tables.get(statementId));
  }

  /** Returns whether a statement has shown a table that is not remembered any more. */
  synchronized boolean hasForgotten(int statementId) {
    return statementId >= 0 && forgotten.get(statementId);
  }

  private static long weight(Shown shown) {
    return shown instanceof InMemory inMemory ? weight(inMemory.value()) : 0;
  }

  private static long weight(PlainValue value) {
    long weight = 1;
    if (value instanceof PlainValue.Table table) {
      for (var row : table.rows()) {
        for (PlainValue cell : row) {
          weight += weight(cell);
        }
      }
    } else if (value instanceof PlainValue.Sequence sequence) {
      for (PlainValue item : sequence.items()) {
        weight += weight(item);
      }
    } else if (value instanceof PlainValue.Mapping mapping) {
      for (PlainValue entry : mapping.entries().values()) {
        weight += weight(entry);
      }
    } else if (value instanceof PlainValue.Row row) {
      for (PlainValue cell : row.values()) {
        weight += weight(cell);
      }
    } else if (value instanceof PlainValue.Text text) {
      weight += text.value().length() / 64;
    } else if (value instanceof PlainValue.Binary binary) {
      weight += binary.value().length / 128;
    }
    return weight;
  }
}
