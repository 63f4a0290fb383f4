package io.polybius.magic;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Values of all kinds, the same for the same seed, with a taste for the awkward. */
final class RandomValues {

  private static final String[] PIECES = {
    "a",
    "Z",
    " ",
    "",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u001b[31m",
    "\u007f",
    "\u0085",
    "<script>",
    "</td>",
    "&amp;",
    "'",
    "\"",
    "\\",
    "%",
    "|",
    "+",
    "\ud800",
    "\udc00",
    "\ud83d\ude00",
    "\ud83d\udc69\u200d\ud83d\udcbb",
    "e\u0301",
    "\u6f22\u5b57",
    "\u202e",
    "\u2028",
    "\uffff",
    "\ufeff",
    "--",
    "]]>",
    "NULL",
    "0"
  };

  private static final double[] DOUBLES = {
    0.0, -0.0, 1.5, 1e300, 4.9E-324, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
  };

  private final Random random;

  RandomValues(long seed) {
    random = new Random(seed);
  }

  String text() {
    StringBuilder text = new StringBuilder();
    for (int pieces = random.nextInt(6); pieces > 0; pieces--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  PlainValue scalar() {
    return switch (random.nextInt(11)) {
      case 0 -> PlainValue.NULL;
      case 1 -> PlainValue.of(random.nextBoolean());
      case 2 -> PlainValue.of(random.nextLong());
      case 3 -> new PlainValue.Whole(new BigInteger(200, random));
      case 4 -> PlainValue.of(DOUBLES[random.nextInt(DOUBLES.length)]);
      case 5 ->
          new PlainValue.Decimal(
              new BigDecimal(new BigInteger(100, random), random.nextInt(80) - 40));
      case 6 -> PlainValue.of(text());
      case 7 -> new PlainValue.Date(LocalDate.ofEpochDay(random.nextInt(100_000) - 50_000));
      case 8 -> new PlainValue.Timestamp(Instant.ofEpochSecond(random.nextInt(), random.nextInt()));
      case 9 ->
          new PlainValue.LocalTimestamp(LocalDateTime.of(2024, 2, 29, random.nextInt(24), 0, 0));
      default -> {
        byte[] bytes = new byte[random.nextInt(20)];
        random.nextBytes(bytes);
        yield new PlainValue.Binary(bytes);
      }
    };
  }

  PlainValue any(int depth) {
    if (depth == 0) {
      return scalar();
    }
    return switch (random.nextInt(6)) {
      case 0 -> new PlainValue.Sequence(several(depth), extent());
      case 1 -> {
        Map<String, PlainValue> entries = new LinkedHashMap<>();
        several(depth).forEach(value -> entries.put(text(), value));
        yield new PlainValue.Mapping(entries);
      }
      case 2 -> {
        List<PlainValue> values = several(depth);
        yield new PlainValue.Row(columns(values.size()), values);
      }
      case 3 -> table(random.nextInt(4), random.nextInt(4), depth - 1);
      default -> scalar();
    };
  }

  PlainValue.Table table(int columns, int rows, int depth) {
    List<List<PlainValue>> cells = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      List<PlainValue> line = new ArrayList<>();
      for (int column = 0; column < columns; column++) {
        line.add(any(depth));
      }
      cells.add(line);
    }
    return new PlainValue.Table(columns(columns), cells, extent());
  }

  private Extent extent() {
    return switch (random.nextInt(3)) {
      case 0 -> Extent.FIRST;
      case 1 -> Extent.firstOf(1_234_567);
      default -> Extent.WHOLE;
    };
  }

  private List<PlainValue> several(int depth) {
    List<PlainValue> values = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      values.add(any(depth - 1));
    }
    return values;
  }

  private List<Column> columns(int count) {
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      columns.add(new Column(text(), "string", random.nextBoolean()));
    }
    return columns;
  }
}
