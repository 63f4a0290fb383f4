package io.polybius.driver.interpreter;

import io.polybius.magic.Column;
import io.polybius.magic.Extent;
import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDDLike;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.Product;
import scala.Tuple2;
import scala.runtime.BoxedUnit;

/** Values of Scala, Java and Spark as plain data. */
public final class ScalaValues {

  private static final int GLANCE_CHARS = 200;

  private final int maxRows;

  private ScalaValues(int maxRows) {
    this.maxRows = maxRows;
  }

  /**
   * Returns a value as plain data.
   *
   * @param value any object, or null
   * @param maxRows how much of a distributed or lazy collection to take
   * @throws MagicException if it has no plain form
   */
  public static PlainValue plain(Object value, int maxRows) throws MagicException {
    return new ScalaValues(maxRows).convert(value, 0);
  }

  /**
   * Returns a value as other languages take it.
   *
   * @throws MagicException if it has no such form
   */
  public static SharedValue shared(Object value) throws MagicException {
    if (value instanceof Dataset<?> dataset) {
      return new SharedValue.Frame(dataset.toDF());
    } else if (value instanceof RDD<?> rdd) {
      return new SharedValue.Elements(rdd);
    }
    return new SharedValue.Data(plain(value, Interpreter.MAX_SHARED));
  }

  /**
   * Returns what is shared in a form that other languages take, which an object of a job may lack.
   *
   * @throws MagicException if it has no such form
   */
  public static SharedValue plainForm(SharedValue value) throws MagicException {
    if (value instanceof SharedValue.Reference reference) {
      return shared(
          reference.object() instanceof JavaRDDLike<?, ?> rdd ? rdd.rdd() : reference.object());
    } else if (value instanceof SharedValue.Foreign foreign) {
      return foreign.copier().copy();
    }
    return value;
  }

  /** Returns a short text for a value, if that is cheap and runs nothing of the user's. */
  static Optional<String> glance(Object value) {
    String text = "";
    if (value instanceof CharSequence characters) {
      text = "\"" + characters.subSequence(0, Math.min(characters.length(), GLANCE_CHARS)) + "\"";
    } else if (value instanceof Dataset<?> || value instanceof RDD<?> || isScalar(value)) {
      text = value.toString();
    } else if (value instanceof scala.collection.IndexedSeq<?> sequence) {
      text = "a sequence of " + sequence.length();
    } else if (value.getClass().isArray()) {
      text = "an array of " + java.lang.reflect.Array.getLength(value);
    }
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(text.length() <= GLANCE_CHARS + 2 ? text : text.substring(0, GLANCE_CHARS));
  }

  private static boolean isScalar(Object value) {
    PlainValue plain = scalar(value);
    return plain != null && plain != PlainValue.NULL;
  }

  private PlainValue convert(Object value, int depth) throws MagicException {
    if (depth > PlainValue.MAX_DEPTH) {
      throw new MagicException(
          MagicException.VALUE_ERROR, "The value contains itself, or is nested too deeply.");
    }
    PlainValue scalar = scalar(value);
    if (scalar != null) {
      return scalar;
    }
    int deeper = depth + 1;
    if (value instanceof Dataset<?> dataset) {
      return table(dataset.toDF(), deeper);
    } else if (value instanceof RDD<?> rdd) {
      return taken(arrayItems(rdd.take(limitPlusOne())), deeper);
    } else if (value instanceof Row row) {
      return row.schema() == null ? sequence(items(row), deeper) : row(row, deeper);
    } else if (value instanceof Option<?> option) {
      return convert(option.isDefined() ? option.get() : null, deeper);
    } else if (value instanceof scala.collection.Map<?, ?> map) {
      return mapping(map, deeper);
    } else if (value instanceof Map<?, ?> map) {
      return mapping(map, deeper);
    } else if (value instanceof scala.collection.Iterator<?> iterator) {
      return taken(items(iterator, limitPlusOne()), deeper);
    } else if (value instanceof scala.collection.immutable.Stream<?> stream) {
      return taken(items(stream.iterator(), limitPlusOne()), deeper);
    } else if (value instanceof scala.collection.Iterable<?> iterable) {
      return sequence(items(iterable.iterator(), Integer.MAX_VALUE), deeper);
    } else if (value instanceof Iterable<?> iterable) {
      List<Object> list = new ArrayList<>();
      iterable.forEach(list::add);
      return sequence(list, deeper);
    } else if (value.getClass().isArray()) {
      return sequence(arrayItems(value), deeper);
    } else if (value instanceof Product product) {
      return value.getClass().getName().startsWith("scala.Tuple")
          ? sequence(items(product.productIterator(), Integer.MAX_VALUE), deeper)
          : caseClass(product, deeper);
    }
    throw new MagicException(
        MagicException.VALUE_ERROR,
        "A value of class " + value.getClass().getName() + " cannot be shown as data.");
  }

  private static PlainValue scalar(Object value) {
    if (value == null || value instanceof BoxedUnit) {
      return PlainValue.NULL;
    } else if (value instanceof Boolean truth) {
      return PlainValue.of((boolean) truth);
    } else if (value instanceof Byte
        || value instanceof Short
        || value instanceof Integer
        || value instanceof Long) {
      return PlainValue.of(((Number) value).longValue());
    } else if (value instanceof Float number) {
      // By its own shortest text: 0.1f is 0.1, and not the double nearest to it.
      return PlainValue.of(Double.parseDouble(number.toString()));
    } else if (value instanceof Double number) {
      return PlainValue.of((double) number);
    } else if (value instanceof BigInteger number) {
      return new PlainValue.Whole(number);
    } else if (value instanceof scala.math.BigInt number) {
      return new PlainValue.Whole(number.bigInteger());
    } else if (value instanceof BigDecimal number) {
      return new PlainValue.Decimal(number);
    } else if (value instanceof scala.math.BigDecimal number) {
      return new PlainValue.Decimal(number.bigDecimal());
    } else if (value instanceof java.sql.Date date) {
      return new PlainValue.Date(date.toLocalDate());
    } else if (value instanceof LocalDate date) {
      return new PlainValue.Date(date);
    } else if (value instanceof Timestamp timestamp) {
      return new PlainValue.Timestamp(timestamp.toInstant());
    } else if (value instanceof Instant instant) {
      return new PlainValue.Timestamp(instant);
    } else if (value instanceof LocalDateTime dateTime) {
      return new PlainValue.LocalTimestamp(dateTime);
    } else if (value instanceof byte[] bytes) {
      return new PlainValue.Binary(bytes);
    } else if (value instanceof CharSequence
        || value instanceof Character
        || value instanceof scala.Symbol
        || value instanceof Enum<?>
        || value instanceof scala.Enumeration.Value
        || value instanceof java.util.UUID
        || value instanceof java.time.temporal.TemporalAmount) {
      return PlainValue.of(value instanceof scala.Symbol symbol ? symbol.name() : value.toString());
    }
    return null;
  }

  private PlainValue table(Dataset<Row> frame, int depth) throws MagicException {
    List<Column> columns = columns(frame.schema());
    if (maxRows == 0) {
      // Whoever wants no rows wants the schema, for which nothing has to be computed.
      return new PlainValue.Table(columns, List.of(), Extent.FIRST);
    }
    List<Object> taken = arrayItems(FetchedFrame.of(frame).take(limitPlusOne()));
    List<List<PlainValue>> rows = new ArrayList<>();
    for (Object row : taken.subList(0, Math.min(maxRows, taken.size()))) {
      rows.add(cells((Row) row, depth));
    }
    return new PlainValue.Table(
        columns, rows, taken.size() > maxRows ? Extent.FIRST : Extent.WHOLE);
  }

  /** Returns the cells of a row of a DataFrame. */
  public static List<PlainValue> cells(Row row) throws MagicException {
    return new ScalaValues(Integer.MAX_VALUE).cells(row, 1);
  }

  private PlainValue row(Row row, int depth) throws MagicException {
    return new PlainValue.Row(columns(row.schema()), cells(row, depth));
  }

  private List<PlainValue> cells(Row row, int depth) throws MagicException {
    List<PlainValue> cells = new ArrayList<>(row.length());
    for (int i = 0; i < row.length(); i++) {
      cells.add(cell(row.get(i), depth));
    }
    return cells;
  }

  /**
   * Spark's types that Scala's values do not tell, such as vectors and intervals, are shown as
   * text.
   */
  private PlainValue cell(Object value, int depth) throws MagicException {
    try {
      return convert(value, depth);
    } catch (MagicException e) {
      return PlainValue.of(String.valueOf(value));
    }
  }

  /** Returns the columns of a DataFrame. */
  public static List<Column> columns(StructType schema) {
    List<Column> columns = new ArrayList<>();
    for (StructField field : schema.fields()) {
      columns.add(new Column(field.name(), field.dataType().json(), field.nullable()));
    }
    return columns;
  }

  private PlainValue taken(List<Object> items, int depth) throws MagicException {
    boolean more = items.size() > maxRows;
    List<PlainValue> plain = plainItems(more ? items.subList(0, maxRows) : items, depth);
    return new PlainValue.Sequence(plain, more ? Extent.FIRST : Extent.WHOLE);
  }

  private PlainValue sequence(List<Object> items, int depth) throws MagicException {
    return new PlainValue.Sequence(plainItems(items, depth));
  }

  private List<PlainValue> plainItems(List<Object> items, int depth) throws MagicException {
    List<PlainValue> plain = new ArrayList<>(items.size());
    for (Object item : items) {
      plain.add(convert(item, depth));
    }
    return plain;
  }

  private PlainValue mapping(scala.collection.Map<?, ?> map, int depth) throws MagicException {
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    scala.collection.Iterator<?> iterator = map.iterator();
    while (iterator.hasNext()) {
      Tuple2<?, ?> entry = (Tuple2<?, ?>) iterator.next();
      put(entries, String.valueOf(entry._1()), entry._2(), depth);
    }
    return new PlainValue.Mapping(entries);
  }

  private PlainValue mapping(Map<?, ?> map, int depth) throws MagicException {
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      put(entries, String.valueOf(entry.getKey()), entry.getValue(), depth);
    }
    return new PlainValue.Mapping(entries);
  }

  /** Scala 2.12 does not tell the names of a case class's elements; its fields do, in order. */
  private PlainValue caseClass(Product product, int depth) throws MagicException {
    List<String> names = new ArrayList<>();
    for (Field field : product.getClass().getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers())
          && !field.isSynthetic()
          && !field.getName().contains("$outer")
          && names.size() < product.productArity()) {
        names.add(scala.reflect.NameTransformer$.MODULE$.decode(field.getName()));
      }
    }
    Map<String, PlainValue> entries = new LinkedHashMap<>();
    for (int i = 0; i < product.productArity(); i++) {
      put(
          entries,
          i < names.size() ? names.get(i) : "_" + (i + 1),
          product.productElement(i),
          depth);
    }
    return new PlainValue.Mapping(entries);
  }

  private void put(Map<String, PlainValue> entries, String name, Object value, int depth)
      throws MagicException {
    if (!(value instanceof Option<?> option && option.isEmpty())) {
      entries.put(name, convert(value, depth));
    }
  }

  private int limitPlusOne() {
    return maxRows == Integer.MAX_VALUE ? maxRows : maxRows + 1;
  }

  private static List<Object> items(Row row) {
    List<Object> items = new ArrayList<>(row.length());
    for (int i = 0; i < row.length(); i++) {
      items.add(row.get(i));
    }
    return items;
  }

  private static List<Object> items(scala.collection.Iterator<?> iterator, int limit) {
    List<Object> items = new ArrayList<>();
    while (items.size() < limit && iterator.hasNext()) {
      items.add(iterator.next());
    }
    return items;
  }

  private static List<Object> arrayItems(Object array) {
    int length = java.lang.reflect.Array.getLength(array);
    List<Object> items = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      items.add(java.lang.reflect.Array.get(array, i));
    }
    return items;
  }
}
