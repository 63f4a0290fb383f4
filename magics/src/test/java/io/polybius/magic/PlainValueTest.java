package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class PlainValueTest {

  @Test
  void valuesDoNotChangeWithWhatTheyWereMadeOf() {
    byte[] bytes = {1};
    PlainValue.Binary binary = new PlainValue.Binary(bytes);
    bytes[0] = 2;
    binary.value()[0] = 3;
    assertThat(binary).isEqualTo(new PlainValue.Binary(new byte[] {1}));
    assertThat(binary).hasSameHashCodeAs(new PlainValue.Binary(new byte[] {1}));

    List<PlainValue> items = new ArrayList<>(List.of(PlainValue.of(1)));
    PlainValue.Sequence sequence = new PlainValue.Sequence(items);
    Map<String, PlainValue> entries = new LinkedHashMap<>(Map.of("a", PlainValue.of(1)));
    PlainValue.Mapping mapping = new PlainValue.Mapping(entries);
    List<List<PlainValue>> rows = new ArrayList<>(List.of(items));
    PlainValue.Table table =
        new PlainValue.Table(List.of(new Column("a", "long", true)), rows, Extent.WHOLE);
    items.clear();
    entries.clear();
    rows.clear();
    assertThat(sequence.items()).hasSize(1);
    assertThat(mapping.entries()).hasSize(1);
    assertThat(table.rows()).containsExactly(List.of(PlainValue.of(1)));
  }

  @Test
  void javaNullsAreRefused() {
    List<PlainValue> holes = Collections.singletonList(null);
    List<Column> one = List.of(new Column("a", "long", true));
    assertThatThrownBy(() -> new PlainValue.Sequence(holes))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> new PlainValue.Mapping(Collections.singletonMap("a", null)))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(
            () -> new PlainValue.Mapping(Collections.singletonMap(null, PlainValue.NULL)))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> new PlainValue.Row(one, holes))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> new PlainValue.Table(one, List.of(holes), Extent.WHOLE))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void rowsHaveTheLengthOfTheirSchema() {
    List<Column> one = List.of(new Column("a", "long", true));
    assertThatThrownBy(() -> new PlainValue.Row(one, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("0 values for 1 fields");
    List<PlainValue> two = List.of(PlainValue.NULL, PlainValue.NULL);
    assertThatThrownBy(() -> new PlainValue.Table(one, List.of(two), Extent.WHOLE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("2 values for 1 columns");
  }

  @Test
  void limitsLeaveRoomForSomething() {
    assertThatThrownBy(() -> new MagicLimits(0, 100, 1 << 20))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new MagicLimits(10, 3, 1 << 20))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new MagicLimits(10, 100, 1023))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void columnTypeMayBeWhatSparkCallsJson() {
    assertThat(new Column("a", "\"decimal(10,2)\"", true).type()).isEqualTo("decimal(10,2)");
    assertThat(new Column("a", "\"", true).type()).isEqualTo("\"");
  }
}
