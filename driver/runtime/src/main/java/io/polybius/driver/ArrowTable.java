package io.polybius.driver;

import io.polybius.magic.MagicException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.arrow.ArrowWriter;
import org.apache.spark.sql.types.StructType;
import scala.Function1;

/** Writes rows in Arrow's streaming format, with the classes of the Spark that runs. */
final class ArrowTable {

  private static final String UTILS = "org.apache.spark.sql.util.ArrowUtils";
  private static final String TIME_ZONE = "UTC";

  /** About how large a batch is to be. */
  private static final long BATCH_BYTES = 1 << 20;

  private static final int MOST_ROWS = 10_000;
  private static final int GROWTH = 8;

  private ArrowTable() {}

  /**
   * Checks that Arrow has the types of all columns.
   *
   * @throws MagicException if it has not
   */
  static void check(StructType schema) throws MagicException {
    try {
      Schema unused = arrow(schema);
    } catch (RuntimeException e) {
      throw new MagicException(
          MagicException.VALUE_ERROR,
          "This table cannot be had in Arrow's format, only as csv or json: " + e.getMessage());
    }
  }

  /** Writes all rows. */
  static void write(StructType schema, Iterator<Row> rows, PartStream out) throws IOException {
    Function1<Object, Object> converter = CatalystTypeConverters.createToCatalystConverter(schema);
    try (RootAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(arrow(schema), allocator)) {
      ArrowWriter vectors = ArrowWriter.create(root);
      ArrowStreamWriter stream = new ArrowStreamWriter(root, null, out);
      stream.start();
      int batch = 1;
      while (rows.hasNext()) {
        int count = 0;
        while (count < batch && rows.hasNext()) {
          vectors.write((InternalRow) converter.apply(rows.next()));
          count++;
        }
        vectors.finish();
        long before = out.count();
        stream.writeBatch();
        vectors.reset();
        batch = nextBatch(count, out.count() - before);
      }
      // Closing it would also write the end if something had gone wrong before.
      stream.end();
    }
  }

  /** How large rows are shows only when they are written, so batches grow slowly. */
  private static int nextBatch(int rows, long bytes) {
    long fitting = rows * BATCH_BYTES / Math.max(1, bytes);
    return (int) Math.max(1, Math.min(Math.min(fitting, MOST_ROWS), (long) rows * GROWTH));
  }

  /** This method has other parameters in other versions of Spark, whose new ones are switches. */
  private static Schema arrow(StructType schema) {
    try {
      Method method =
          Arrays.stream(Class.forName(UTILS).getMethods())
              .filter(each -> each.getName().equals("toArrowSchema"))
              .findFirst()
              .orElseThrow(() -> new NoSuchMethodException("toArrowSchema"));
      Object[] arguments = new Object[method.getParameterCount()];
      Arrays.fill(arguments, false);
      arguments[0] = schema;
      arguments[1] = TIME_ZONE;
      return (Schema) method.invoke(null, arguments);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(e.getCause().getMessage(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Spark has no " + UTILS, e);
    }
  }
}
