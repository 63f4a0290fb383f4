import io.polybius.client.SessionClient;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Estimates pi in a session of its own: how many random points of a square are in its circle. */
class SparkPi {

  public static void main(String[] arguments) {
    String server = arguments.length > 0 ? arguments[0] : "http://localhost:8998";
    int points = 200_000;
    try (SessionClient session = SessionClient.at(server).open()) {
      session.uploadClassesOf(SparkPi.class);
      long inside =
          session.run(
              context ->
                  context
                      .sparkContext()
                      .parallelize(IntStream.range(0, points).boxed().collect(Collectors.toList()))
                      .filter(point -> Math.hypot(Math.random(), Math.random()) < 1)
                      .count());
      System.out.println("Pi is roughly " + 4.0 * inside / points);
    }
  }
}
