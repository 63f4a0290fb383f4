import java.io.File;
import java.io.Serializable;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.livy.Job;
import org.apache.livy.JobContext;
import org.apache.livy.JobHandle;
import org.apache.livy.LivyClient;
import org.apache.livy.LivyClientBuilder;
import org.apache.spark.SparkFiles;
import org.apache.spark.sql.SparkSession;

/** A program that uses Livy's Java client, and prints what comes of each of its jobs. */
public final class LivyJobs {

  private static final long PATIENCE_SECONDS = 120;

  private LivyJobs() {}

  /** A job that is an object with fields; executors need its class. */
  public static final class SumOfSquares implements Job<Long> {
    private final List<Integer> numbers;

    public SumOfSquares(Integer... numbers) {
      this.numbers = new ArrayList<>(Arrays.asList(numbers));
    }

    @Override
    public Long call(JobContext context) {
      return context.sc().parallelize(numbers, 2).map(this::square).reduce(Long::sum);
    }

    private Long square(Integer number) {
      return (long) number * number;
    }
  }

  /** A result with fields. */
  public static final class Found implements Serializable {
    public String text;
    public List<Integer> numbers = new ArrayList<>();
  }

  /** Reads a file that was uploaded, in an executor. */
  public static final class FileReader implements Job<Found> {
    private final String name;

    public FileReader(String name) {
      this.name = name;
    }

    @Override
    public Found call(JobContext context) {
      Found found = new Found();
      String file = name;
      found.text =
          context
              .sc()
              .parallelize(Arrays.asList(1))
              .map(any -> new String(Files.readAllBytes(new File(SparkFiles.get(file)).toPath())))
              .first();
      found.numbers.add(found.text.length());
      return found;
    }
  }

  /** Does not end by itself. */
  public static final class Endless implements Job<Boolean> {
    @Override
    public Boolean call(JobContext context) throws Exception {
      while (true) {
        Thread.sleep(100);
      }
    }
  }

  /** Fails. */
  public static final class Failing implements Job<Void> {
    @Override
    public Void call(JobContext context) {
      throw new IllegalStateException("boom of a job");
    }
  }

  /** Runs them all. */
  public static void main(String[] arguments) throws Exception {
    LivyClient client = new LivyClientBuilder().setURI(URI.create(arguments[0])).build();
    try {
      client.uploadJar(new File(arguments[1])).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      System.out.println("sum " + get(client.submit(new SumOfSquares(1, 2, 3))));
      System.out.println("lambda " + get(client.submit(context -> "job " + (40 + 2))));
      System.out.println(
          "frame "
              + get(
                  client.submit(
                      context -> {
                        SparkSession spark = context.sparkSession();
                        return spark.range(7).count();
                      })));
      System.out.println("null " + get(client.submit(context -> null)));
      System.out.println("run " + client.run(context -> 5).get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      get(
          client.submit(
              context -> {
                context.setSharedObject("kept", new int[] {3});
                return null;
              }));
      System.out.println(
          "shared " + get(client.submit(context -> ((int[]) context.getSharedObject("kept"))[0])));
      client.uploadFile(new File(arguments[2])).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      Found found = get(client.submit(new FileReader(new File(arguments[2]).getName())));
      System.out.println("file " + found.text + " " + found.numbers);
      try {
        System.out.println("failed not " + get(client.submit(new Failing())));
      } catch (ExecutionException e) {
        System.out.println("failed " + e.getMessage().lines().findFirst().orElse(""));
      }
      JobHandle<Boolean> endless = client.submit(new Endless());
      while (endless.getState() != JobHandle.State.STARTED) {
        Thread.sleep(50);
      }
      endless.cancel(true);
      try {
        System.out.println("cancelled not " + get(endless));
      } catch (CancellationException e) {
        System.out.println("cancelled " + endless.getState());
      }
    } finally {
      client.stop(true);
    }
    System.out.println("done");
    System.exit(0);
  }

  private static <T> T get(JobHandle<T> job) throws Exception {
    return job.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
