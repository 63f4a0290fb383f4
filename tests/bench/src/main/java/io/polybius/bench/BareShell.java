package io.polybius.bench;

import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import org.apache.spark.repl.Main$;
import org.apache.spark.repl.SparkILoop;

/**
 * Spark's own shell by itself, without server or driver, wherever spark-submit brings it: runs a
 * statement, then one that dials a port of this machine, and ends. Works with Scala 2.12.
 */
public final class BareShell {

  private BareShell() {}

  /** Takes the statement, and the port to dial when it has run. */
  public static void main(String[] arguments) {
    String dial = "new java.net.Socket(\"127.0.0.1\", %s).close()".formatted(arguments[1]);
    String script = arguments[0] + "\n" + dial + "\n";
    Main$.MODULE$.doMain(
        new String[] {"-usejavacp"},
        new SparkILoop(
            new BufferedReader(new StringReader(script)),
            new PrintWriter(System.out, true, StandardCharsets.UTF_8)));
  }
}
