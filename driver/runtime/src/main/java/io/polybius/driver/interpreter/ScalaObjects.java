package io.polybius.driver.interpreter;

import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import scala.Tuple2;
import scala.collection.JavaConverters;

/** Plain data as values of Scala, and the types that a program would give them. */
public final class ScalaObjects {

  private static final BigInteger MIN_LONG = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX_LONG = BigInteger.valueOf(Long.MAX_VALUE);
  private static final String ANY = "Any";

  private final Calls calls = new Calls();

  private ScalaObjects() {}

  /**
   * Returns what is shared, as a value of Scala.
   *
   * @throws IllegalStateException if it is an object of another process that has no such form
   */
  public static Object of(SharedValue shared) {
    if (shared instanceof SharedValue.Frame frame) {
      return frame.dataset();
    } else if (shared instanceof SharedValue.Elements elements) {
      return elements.rdd();
    } else if (shared instanceof SharedValue.Reference reference) {
      return reference.object();
    } else if (shared instanceof SharedValue.Foreign foreign) {
      try {
        return of(foreign.copier().copy());
      } catch (MagicException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
    return of(((SharedValue.Data) shared).value());
  }

  /** Returns a value of Scala; null for null. */
  public static Object of(PlainValue value) {
    return new ScalaObjects().object(value);
  }

  private Object object(PlainValue value) {
    if (value instanceof PlainValue.Truth truth) {
      return truth.value();
    } else if (value instanceof PlainValue.Whole whole) {
      return isLong(whole) ? (Object) whole.value().longValue() : bigInt(whole.value());
    } else if (value instanceof PlainValue.Floating floating) {
      return floating.value();
    } else if (value instanceof PlainValue.Decimal decimal) {
      return new scala.math.BigDecimal(decimal.value());
    } else if (value instanceof PlainValue.Text text) {
      return text.value();
    } else if (value instanceof PlainValue.Date date) {
      return java.sql.Date.valueOf(date.value());
    } else if (value instanceof PlainValue.Timestamp timestamp) {
      return java.sql.Timestamp.from(timestamp.value());
    } else if (value instanceof PlainValue.LocalTimestamp timestamp) {
      return timestamp.value();
    } else if (value instanceof PlainValue.Binary binary) {
      return binary.value();
    } else if (value instanceof PlainValue.Sequence sequence) {
      return list(sequence.items().stream().map(this::object).toList());
    } else if (value instanceof PlainValue.Mapping mapping) {
      return map(
          mapping.entries().entrySet().stream()
              .<Object>map(entry -> new Tuple2<>(entry.getKey(), object(entry.getValue())))
              .toList());
    } else if (value instanceof PlainValue.Row row) {
      return row(row.columns().stream().map(column -> column.name()).toList(), row.values());
    } else if (value instanceof PlainValue.Table table) {
      List<String> names = table.columns().stream().map(column -> column.name()).toList();
      return list(table.rows().stream().map(cells -> row(names, cells)).toList());
    }
    return null;
  }

  private Object row(List<String> names, List<PlainValue> cells) {
    List<Object> entries = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      entries.add(new Tuple2<>(names.get(i), object(cells.get(i))));
    }
    return map(entries);
  }

  private static Object bigInt(BigInteger value) {
    return new scala.math.BigInt(value);
  }

  private static boolean isLong(PlainValue.Whole whole) {
    return whole.value().compareTo(MIN_LONG) >= 0 && whole.value().compareTo(MAX_LONG) <= 0;
  }

  private static Object list(List<?> items) {
    List<Object> copy = new ArrayList<>(items.size());
    copy.addAll(items);
    return JavaConverters.asScalaBuffer(copy).toList();
  }

  /** What an immutable map is made of has another form in each Scala. */
  private Object map(List<Object> entries) {
    Object map = scala.collection.immutable.Map$.MODULE$.empty();
    for (Object entry : entries) {
      Tuple2<?, ?> pair = (Tuple2<?, ?>) entry;
      map = calls.call(map, "updated", pair._1(), pair._2());
    }
    return map;
  }

  /** Returns the type of what {@link #of} returns. */
  public static String typeOf(PlainValue value) {
    if (value instanceof PlainValue.Truth) {
      return "Boolean";
    } else if (value instanceof PlainValue.Whole whole) {
      return isLong(whole) ? "Long" : "BigInt";
    } else if (value instanceof PlainValue.Floating) {
      return "Double";
    } else if (value instanceof PlainValue.Decimal) {
      return "BigDecimal";
    } else if (value instanceof PlainValue.Text) {
      return "String";
    } else if (value instanceof PlainValue.Date) {
      return "java.sql.Date";
    } else if (value instanceof PlainValue.Timestamp) {
      return "java.sql.Timestamp";
    } else if (value instanceof PlainValue.LocalTimestamp) {
      return "java.time.LocalDateTime";
    } else if (value instanceof PlainValue.Binary) {
      return "Array[Byte]";
    } else if (value instanceof PlainValue.Sequence sequence) {
      return "Seq[" + common(sequence.items()) + "]";
    } else if (value instanceof PlainValue.Mapping mapping) {
      return "Map[String, " + common(mapping.entries().values()) + "]";
    } else if (value instanceof PlainValue.Row) {
      return "Map[String, Any]";
    } else if (value instanceof PlainValue.Table) {
      return "Seq[Map[String, Any]]";
    }
    return ANY;
  }

  private static String common(Collection<PlainValue> values) {
    List<String> types =
        values.stream().map(ScalaObjects::typeOf).distinct().limit(2).collect(Collectors.toList());
    return types.size() == 1 ? types.get(0) : ANY;
  }
}
