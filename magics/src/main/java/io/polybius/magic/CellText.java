package io.polybius.magic;

import io.polybius.magic.PlainValue.Binary;
import io.polybius.magic.PlainValue.Date;
import io.polybius.magic.PlainValue.Decimal;
import io.polybius.magic.PlainValue.Floating;
import io.polybius.magic.PlainValue.LocalTimestamp;
import io.polybius.magic.PlainValue.Mapping;
import io.polybius.magic.PlainValue.Row;
import io.polybius.magic.PlainValue.Sequence;
import io.polybius.magic.PlainValue.Table;
import io.polybius.magic.PlainValue.Text;
import io.polybius.magic.PlainValue.Timestamp;
import io.polybius.magic.PlainValue.Truth;
import io.polybius.magic.PlainValue.Whole;
import java.math.BigDecimal;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * A value as the text of one table cell, the way Spark's show() writes it: {@code [1, 2]}, {@code
 * {a -> 1}}, {@code {1, x}}, {@code NULL}. Texts come out as they are, so each form has to escape
 * what is special in it.
 */
final class CellText {

  private static final String ELLIPSIS = "...";
  private static final int PLAIN_SCALE = 100;

  private final StringBuilder text = new StringBuilder();
  private final int maxChars;

  private CellText(int maxChars) {
    this.maxChars = maxChars;
  }

  /** Returns at most so many characters, the last of which are dots if there were more. */
  static String of(PlainValue value, int maxChars) {
    CellText cell = new CellText(maxChars);
    cell.add(value);
    return cut(cell.text, maxChars);
  }

  /** Returns the text, or its beginning and dots. */
  static String cut(CharSequence text, int maxChars) {
    if (text.length() <= maxChars) {
      return text.toString();
    }
    int end = maxChars - ELLIPSIS.length();
    if (Character.isHighSurrogate(text.charAt(end - 1))) {
      end--;
    }
    return text.subSequence(0, end) + ELLIPSIS;
  }

  /** Returns the digits of a decimal, without an exponent unless they would be very many. */
  static String decimal(BigDecimal value) {
    return Math.abs(value.scale()) <= PLAIN_SCALE ? value.toPlainString() : value.toString();
  }

  /** Returns date and time in the form of ISO 8601, with seconds. */
  static String localTimestamp(LocalTimestamp value) {
    return DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(value.value());
  }

  private boolean isFull() {
    return text.length() > maxChars;
  }

  private void add(PlainValue value) {
    if (isFull()) {
      return;
    }
    if (value instanceof PlainValue.Null) {
      text.append("NULL");
    } else if (value instanceof Truth truth) {
      text.append(truth.value());
    } else if (value instanceof Whole whole) {
      text.append(whole.value());
    } else if (value instanceof Floating floating) {
      text.append(floating.value());
    } else if (value instanceof Decimal decimal) {
      text.append(decimal(decimal.value()));
    } else if (value instanceof Text string) {
      text.append(string.value(), 0, Math.min(string.value().length(), maxChars + 1));
    } else if (value instanceof Date date) {
      text.append(date.value());
    } else if (value instanceof Timestamp timestamp) {
      text.append(timestamp.value());
    } else if (value instanceof LocalTimestamp timestamp) {
      text.append(localTimestamp(timestamp));
    } else if (value instanceof Binary binary) {
      addBytes(binary.value());
    } else if (value instanceof Sequence sequence) {
      addAll("[", sequence.items(), sequence.extent().truncated() ? ", ...]" : "]");
    } else if (value instanceof Mapping mapping) {
      addEntries(mapping);
    } else if (value instanceof Row row) {
      addAll("{", row.values(), "}");
    } else if (value instanceof Table table) {
      text.append("table of ").append(Counts.all(table));
    }
  }

  private void addBytes(byte[] bytes) {
    text.append('[');
    for (int i = 0; i < bytes.length && !isFull(); i++) {
      text.append(i == 0 ? "" : " ").append(String.format("%02X", bytes[i]));
    }
    text.append(']');
  }

  private void addAll(String before, List<PlainValue> values, String after) {
    text.append(before);
    for (int i = 0; i < values.size() && !isFull(); i++) {
      text.append(i == 0 ? "" : ", ");
      add(values.get(i));
    }
    text.append(after);
  }

  private void addEntries(Mapping mapping) {
    text.append('{');
    String separator = "";
    for (var entry : mapping.entries().entrySet()) {
      if (isFull()) {
        break;
      }
      text.append(separator).append(entry.getKey()).append(" -> ");
      add(entry.getValue());
      separator = ", ";
    }
    text.append('}');
  }
}
