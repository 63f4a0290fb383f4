import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Logger;
import org.apache.livy.Job;
import org.apache.livy.JobContext;
import org.apache.livy.client.common.Serializer;

/** Writes jobs into files, as Livy's Java client sends them. */
public final class LivyPayloads {

  /** So deep that no thread of a driver can read it, or write it. */
  private static final int DEEP = 200_000;

  private static final long STACK_BYTES = 1L << 30;

  private LivyPayloads() {}

  /** Needs nothing but itself. */
  public static final class Adding implements Job<Integer> {
    private final int[] numbers;

    public Adding(int... numbers) {
      this.numbers = numbers;
    }

    @Override
    public Integer call(JobContext context) {
      int sum = 0;
      for (int number : numbers) {
        sum += number;
      }
      return sum;
    }
  }

  /** Executors need the class that it calls, and that of its function. */
  public static final class OnExecutors implements Job<Long> {
    @Override
    public Long call(JobContext context) {
      return context
          .sc()
          .parallelize(List.of(1L, 2L, 3L), 2)
          .map(Helper::square)
          .reduce((one, other) -> one + other);
    }
  }

  /** What only an uploaded jar has. */
  public static final class Helper {
    static long square(long number) {
      return number * number;
    }
  }

  /** Takes a while. */
  public static final class Slow implements Job<String> {
    @Override
    public String call(JobContext context) throws Exception {
      context.setSharedObject("slow", true);
      Thread.sleep(8_000);
      return "slow, but done";
    }
  }

  /** Fails. */
  public static final class Throwing implements Job<Void> {
    @Override
    public Void call(JobContext context) {
      throw new IllegalStateException("thrown by a job");
    }
  }

  /** Returns what cannot be sent. */
  public static final class Unsendable implements Job<Logger> {
    @Override
    public Logger call(JobContext context) {
      return Logger.getLogger("a logger");
    }
  }

  /** Does not end, and looks at no interrupt. */
  public static final class Endless implements Job<Void> {
    private long count;

    @Override
    public Void call(JobContext context) {
      while (true) {
        count++;
      }
    }
  }

  /** Does not end, whatever is done to its thread. */
  public static final class Stubborn implements Job<Void> {
    @Override
    public Void call(JobContext context) {
      while (true) {
        try {
          Thread.sleep(100);
        } catch (Throwable e) {
          System.out.println("I do not stop for " + e);
        }
      }
    }
  }

  /** Ends its process. */
  public static final class Exiting implements Job<Void> {
    @Override
    public Void call(JobContext context) {
      System.exit(3);
      return null;
    }
  }

  /** Ends its process, on a thread of its own. */
  public static final class ExitingBeside implements Job<String> {
    @Override
    public String call(JobContext context) throws Exception {
      String[] failure = {"none"};
      Thread beside =
          new Thread(
              () -> {
                try {
                  System.exit(4);
                } catch (SecurityException e) {
                  failure[0] = e.getMessage();
                }
              });
      beside.start();
      beside.join();
      throw new IllegalStateException(failure[0]);
    }
  }

  /** Ends its process at once. */
  public static final class Halting implements Job<Void> {
    @Override
    public Void call(JobContext context) {
      Runtime.getRuntime().halt(5);
      return null;
    }
  }

  /** Takes all the memory that there is. */
  public static final class Allocating implements Job<Integer> {
    @Override
    public Integer call(JobContext context) {
      List<long[]> all = new ArrayList<>();
      while (true) {
        all.add(new long[1 << 20]);
      }
    }
  }

  /** Objects within objects. */
  public static final class Node {
    Node next;

    static Node ofDepth(int depth) {
      Node node = new Node();
      for (int i = 0; i < depth; i++) {
        Node outer = new Node();
        outer.next = node;
        node = outer;
      }
      return node;
    }
  }

  /** Is deep itself. */
  public static final class Deep implements Job<Boolean> {
    private final Node node;

    public Deep(Node node) {
      this.node = node;
    }

    @Override
    public Boolean call(JobContext context) {
      return node != null;
    }
  }

  /** Returns something deep. */
  public static final class DeepResult implements Job<Node> {
    @Override
    public Node call(JobContext context) {
      return Node.ofDepth(DEEP);
    }
  }

  /** Writes all of them into the folder that is its argument. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    List<Job<?>> jobs =
        List.of(
            new Adding(40, 2),
            new OnExecutors(),
            new Slow(),
            new Throwing(),
            new Unsendable(),
            new Endless(),
            new Stubborn(),
            new Exiting(),
            new ExitingBeside(),
            new Halting(),
            new Allocating(),
            new Deep(Node.ofDepth(DEEP)),
            new DeepResult());
    Throwable[] failure = {null};
    Thread writer =
        new Thread(
            null,
            () -> {
              try {
                for (Job<?> job : jobs) {
                  write(folder.resolve(job.getClass().getSimpleName()), job);
                }
                write(folder.resolve("Lambda"), lambda());
              } catch (Throwable e) {
                failure[0] = e;
              }
            },
            "writer",
            STACK_BYTES);
    writer.start();
    writer.join();
    if (failure[0] != null) {
      throw new IllegalStateException(failure[0]);
    }
    System.out.println("written");
  }

  private static Job<Integer> lambda() {
    return context -> 42;
  }

  private static void write(Path file, Object job) throws Exception {
    ByteBuffer bytes = new Serializer().serialize(job);
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    Files.write(file, copy);
  }
}
