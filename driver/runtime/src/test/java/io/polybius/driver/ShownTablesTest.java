package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.magic.PlainValue;
import java.util.Collections;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ShownTablesTest {

  private final ShownTables tables = new ShownTables();

  private static ShownTables.Shown values(int count) {
    return new ShownTables.InMemory(
        new PlainValue.Sequence(Collections.nCopies(count, PlainValue.NULL)));
  }

  @Test
  void lastTableOfAStatementIsRemembered() {
    tables.add(3, values(1));
    tables.add(3, values(2));

    assertThat(tables.of(3)).contains(values(2));
    assertThat(tables.of(4)).isEmpty();
    assertThat(tables.hasForgotten(4)).isFalse();
  }

  @Test
  void oldestTablesAreForgotten() {
    for (int i = 0; i <= ShownTables.MOST; i++) {
      tables.add(i, values(1));
    }

    assertThat(tables.of(0)).isEmpty();
    assertThat(tables.hasForgotten(0)).isTrue();
    assertThat(tables.of(1)).isPresent();
  }

  @Test
  void largeValuesTakeThePlaceOfThoseBeforeThem() {
    int large = (int) (ShownTables.MOST_VALUES * 2 / 3);
    tables.add(0, values(large));
    tables.add(1, values(large));
    tables.add(1, values(large));
    tables.add(2, values(1));

    assertThat(tables.hasForgotten(0)).isTrue();
    assertThat(tables.of(1)).isPresent();
    assertThat(tables.of(2)).isPresent();
  }

  @Test
  void valuesInMemoryTakeNoPlaceFromDataFrames() throws Exception {
    StatementDesk.shared();
    ShownTables.Shown frame = new ShownTables.Frame(SparkSession.active().range(3));
    tables.add(0, frame);
    tables.add(1, values((int) ShownTables.MOST_VALUES + 1));
    tables.add(2, frame);

    assertThat(tables.of(0)).contains(frame);
    assertThat(tables.of(1)).isPresent();
    tables.add(3, values(1));
    assertThat(tables.of(0)).contains(frame);
    assertThat(tables.hasForgotten(1)).isTrue();
    assertThat(tables.of(2)).contains(frame);
  }

  @Test
  void hiddenStatementsHaveNoTables() {
    tables.add(-1, values(1));

    assertThat(tables.of(-1)).isEmpty();
    assertThat(tables.hasForgotten(-1)).isFalse();
  }
}
