package io.polybius.driver.interpreter;

import io.polybius.magic.MagicException;
import io.polybius.magic.PlainValue;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;

/** A value on its way from one language to another. */
public sealed interface SharedValue {

  /** A DataFrame, which all languages see as the same. */
  record Frame(Dataset<?> dataset) implements SharedValue {
    @Override
    public String type() {
      return "DataFrame";
    }

    @Override
    public String summary() {
      return dataset.schema().simpleString();
    }
  }

  /** An RDD whose elements are objects of Java. */
  record Elements(RDD<?> rdd) implements SharedValue {
    @Override
    public String type() {
      return "RDD";
    }

    @Override
    public String summary() {
      return rdd.getNumPartitions() + " partitions";
    }
  }

  /** Anything else, as it was when it was shared. */
  record Data(PlainValue value) implements SharedValue {
    @Override
    public String type() {
      return "value";
    }

    @Override
    public String summary() {
      if (value instanceof PlainValue.Sequence sequence) {
        return sequence.items().size() + " elements";
      } else if (value instanceof PlainValue.Mapping mapping) {
        return mapping.entries().size() + " entries";
      } else if (value instanceof PlainValue.Table table) {
        return table.rows().size() + " rows";
      }
      return value.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * An object of a compiled job, which code of the JVM sees as the same. Other languages get what
   * {@link ScalaValues#shared} makes of it when they ask.
   */
  record Reference(Object object) implements SharedValue {
    @Override
    public String type() {
      return "object";
    }

    @Override
    public String summary() {
      return object.getClass().getName();
    }
  }

  /**
   * An object of a job that runs in another process, which code there sees as the same. The JVM and
   * other languages get a copy when they ask, if it has a form that they understand.
   *
   * @param holder where it is
   * @param number of the object there
   * @param summary what it is, in a few words
   */
  record Foreign(Object holder, long number, String summary, Copier copier) implements SharedValue {

    /** Makes the copy, by asking the other process. */
    public interface Copier {
      /**
       * Returns what is neither foreign nor a reference.
       *
       * @throws MagicException if the object has no form that others understand
       */
      SharedValue copy() throws MagicException;
    }

    @Override
    public String type() {
      return "object";
    }
  }

  /** Returns what a list calls it. */
  String type();

  /** Returns what is in it, in a few words. */
  String summary();
}
