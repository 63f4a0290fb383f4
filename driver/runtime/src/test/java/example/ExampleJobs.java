package example;

import java.util.ArrayList;
import java.util.List;
import org.apache.livy.Job;
import org.apache.livy.JobContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.SparkSession;

/** Jobs as users write them, in a package of their own. */
public final class ExampleJobs {

  private ExampleJobs() {}

  /** A class with a field. */
  public static final class Greeting implements Job<String> {
    private static final long serialVersionUID = 1;
    private final String name;

    public Greeting(String name) {
      this.name = name;
    }

    @Override
    public String call(JobContext context) {
      return "hello " + name;
    }
  }

  /** As Livy's Scala client wraps what a user sends. */
  public static final class Wrapping<T> implements Job<T> {
    private static final long serialVersionUID = 1;
    private final Job<T> inner;

    public Wrapping(Job<T> inner) {
      this.inner = inner;
    }

    @Override
    public T call(JobContext context) throws Exception {
      return inner.call(context);
    }
  }

  /** Has itself run by executors. */
  public static final class Counting implements Job<Long>, Function<Integer, Boolean> {
    private static final long serialVersionUID = 1;
    private final int divisor;

    public Counting(int divisor) {
      this.divisor = divisor;
    }

    @Override
    public Long call(JobContext context) {
      List<Integer> numbers = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        numbers.add(i);
      }
      return context.sc().parallelize(numbers, 4).filter(this).count();
    }

    @Override
    public Boolean call(Integer number) {
      return number % divisor == 0;
    }
  }

  /** Nested as deep as is wanted. */
  public static final class Nested {
    private Nested inner;

    /** Returns one. */
    public static Nested of(int depth) {
      Nested nested = null;
      for (int i = 0; i < depth; i++) {
        Nested outer = new Nested();
        outer.inner = nested;
        nested = outer;
      }
      return nested;
    }

    /** Returns what is in it. */
    public Nested inner() {
      return inner;
    }
  }

  /** Cannot be written without its type. */
  public record Point(int x, int y) {}

  /** Takes a value from around it. */
  public static Job<Integer> adding(int one, int other) {
    return context -> one + other;
  }

  public static Job<Object> returning(Object value) {
    return new Returning(value);
  }

  private static final class Returning implements Job<Object> {
    private static final long serialVersionUID = 1;
    private final Object value;

    Returning(Object value) {
      this.value = value;
    }

    @Override
    public Object call(JobContext context) {
      return value;
    }
  }

  public static Job<Object> nothing() {
    return context -> null;
  }

  public static Job<Object> point() {
    return context -> new Point(1, 2);
  }

  public static Job<Object> nested(int depth) {
    return context -> Nested.of(depth);
  }

  public static Job<byte[]> bytes(int count) {
    return context -> new byte[count];
  }

  public static Job<Object> frame() {
    return context -> {
      SparkSession spark = context.sparkSession();
      return spark.range(3);
    };
  }

  public static Job<Void> throwing(String message) {
    return context -> {
      throw new java.io.IOException(message);
    };
  }

  public static Job<Void> exiting() {
    return context -> {
      System.exit(3);
      return null;
    };
  }

  public static Job<String> exitingBeside() {
    return context -> {
      String[] refusal = {"the process goes on, for some reason"};
      Thread beside =
          new Thread(
              () -> {
                try {
                  System.exit(4);
                } catch (SecurityException e) {
                  refusal[0] = e.getMessage();
                }
              });
      beside.start();
      beside.join();
      return refusal[0];
    };
  }

  public static Job<Object> allocating() {
    return context -> {
      List<long[]> all = new ArrayList<>();
      while (true) {
        all.add(new long[Integer.MAX_VALUE - 8]);
      }
    };
  }

  /** An anonymous class, whose captured value Kryo leaves out. */
  public static Job<Integer> anonymous(String text) {
    return new Job<>() {
      private static final long serialVersionUID = 1;

      @Override
      public Integer call(JobContext context) {
        return text.length();
      }
    };
  }

  /** Notices no interrupt. */
  public static Job<Long> looping() {
    return context -> {
      context.setSharedObject("looping", true);
      long count = 0;
      while (count >= 0) {
        count = (count + 1) % 1_000_000;
      }
      return count;
    };
  }

  /** Can be stopped by nothing. */
  public static Job<Void> stubborn() {
    return context -> {
      long end = System.nanoTime() + 8_000_000_000L;
      while (System.nanoTime() < end) {
        try {
          Thread.sleep(10);
        } catch (Throwable e) {
          // Goes on all the same.
          continue;
        }
      }
      return null;
    };
  }

  public static Job<Long> sleepingInSpark() {
    return context ->
        context
            .sc()
            .parallelize(List.of(1, 2), 2)
            .map(
                number -> {
                  Thread.sleep(600_000);
                  return number;
                })
            .count();
  }

  public static Job<Integer> printing(String text) {
    return context -> {
      System.out.println(text + " of the driver");
      JavaSparkContext spark = context.sc();
      spark
          .parallelize(List.of(1, 2), 2)
          .foreach(number -> System.out.println(text + " of an executor"));
      return 1;
    };
  }

  public static Job<Void> showing() {
    return context -> {
      io.polybius.notebook.Notebook.kernel().display.html("<b>x</b>");
      return null;
    };
  }

  public static Job<Void> sharing(String name, Object value) {
    return context -> {
      context.setSharedObject(name, value);
      return null;
    };
  }

  public static Job<String> reading(String name) {
    return context -> String.valueOf(context.<Object>getSharedObject(name));
  }

  public static Job<String> removing(String name) {
    return context -> String.valueOf(context.<Object>removeSharedObject(name));
  }

  public static Job<Boolean> sharesMany(int count) {
    return context -> {
      context.setSharedObject("eldest", "x");
      for (int i = 0; i < count; i++) {
        context.setSharedObject("many " + i, i);
      }
      try {
        context.getSharedObject("eldest");
        return true;
      } catch (java.util.NoSuchElementException e) {
        return false;
      }
    };
  }

  /** What a context has besides, each as a text. */
  public static Job<List<String>> looking() {
    return context -> {
      List<String> seen = new ArrayList<>();
      seen.add("rows " + context.sqlctx().sql("select 1").count());
      seen.add("hive " + context.hivectx());
      seen.add("directory " + context.getLocalTmpDir().isDirectory());
      seen.add("pool " + context.sc().getLocalProperty("spark.scheduler.pool"));
      seen.add("group " + context.sc().getLocalProperty("spark.jobGroup.id"));
      try {
        context.streamingctx();
      } catch (IllegalStateException e) {
        seen.add(e.getMessage());
      }
      context.createStreamingContext(500);
      seen.add("streaming " + (context.streamingctx() != null));
      context.stopStreamingCtx();
      seen.add("rows " + context.sc().parallelize(List.of(1)).count());
      return seen;
    };
  }

  public static Job<String> classNamed(String name) {
    return context ->
        Class.forName(name, true, Thread.currentThread().getContextClassLoader())
            .getDeclaredConstructor()
            .newInstance()
            .toString();
  }

  public static Job<String> file(String name) {
    return context ->
        java.nio.file.Files.readString(
            java.nio.file.Path.of(org.apache.spark.SparkFiles.get(name)));
  }
}
