package io.polybius.driver.interpreter.r;

import java.util.List;
import org.apache.spark.api.r.RAuthHelper;
import org.apache.spark.api.r.RBackend;
import scala.Tuple2;

/** The port of the driver by which SparkR reaches the driver's Spark. */
final class SparkRBackend implements AutoCloseable {

  private final RBackend backend;
  private final int port;
  private final String secret;

  /** Begins to listen, on this machine only. */
  SparkRBackend() {
    this.backend = new RBackend();
    Tuple2<Object, RAuthHelper> address = backend.init();
    this.port = (Integer) address._1();
    this.secret = address._2().secret();
    Thread thread = new Thread(backend::run, "r-backend");
    thread.setDaemon(true);
    thread.start();
  }

  /** Returns the command that attaches R. */
  List<String> attach() {
    return List.of("attach", String.valueOf(port), secret);
  }

  @Override
  public void close() {
    backend.close();
  }
}
