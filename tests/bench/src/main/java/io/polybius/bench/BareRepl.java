package io.polybius.bench;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import scala.collection.JavaConverters;
import scala.tools.nsc.Settings;
import scala.tools.nsc.interpreter.IMain;

/**
 * Scala's REPL by itself, without Spark, server or driver: prints how many nanoseconds each of so
 * many runs of a statement took. Works with Scala 2.12.
 */
public final class BareRepl {

  private BareRepl() {}

  /** Takes the number of runs, the statement, and a directory for classes. */
  public static void main(String[] arguments) throws Exception {
    int times = Integer.parseInt(arguments[0]);
    String statement = arguments[1];
    Path classes = Files.createDirectories(Path.of(arguments[2]));
    Settings settings = new Settings();
    settings.processArguments(
        JavaConverters.asScalaBuffer(
                List.of("-usejavacp", "-Yrepl-class-based", "-Yrepl-outdir", classes.toString()))
            .toList(),
        true);
    IMain main = new IMain(settings, new PrintWriter(new StringWriter()));
    main.initializeSynchronous();
    for (int i = 0; i < times; i++) {
      long begin = System.nanoTime();
      main.interpret(statement);
      System.out.println(System.nanoTime() - begin);
    }
    main.close();
  }
}
