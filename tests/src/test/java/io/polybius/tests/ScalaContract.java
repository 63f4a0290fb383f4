package io.polybius.tests;

import java.nio.file.Path;

/** The contract for Scala. */
abstract class ScalaContract extends InterpreterContract {

  @Override
  String kind() {
    return "spark";
  }

  @Override
  Sample value() {
    return new Sample("6 * 7", "(val )?res\\d+: Int = 42\n");
  }

  /** As in Livy, standard error goes to the session's log. */
  @Override
  Sample streams() {
    return new Sample(
        "println(\"out\")\nSystem.err.println(\"err\")\n\"v\"",
        "out\n(val )?res\\d+: String = v\n");
  }

  @Override
  Sample unicode() {
    String text = "\u00e9\ud83d\ude00 \u4e2d";
    return new Sample('"' + text + '"', "(val )?res\\d+: String = " + text + "\n");
  }

  @Override
  Failure failing() {
    return new Failure(
        "sys.error(\"boom\")",
        "Error",
        "java\\.lang\\.RuntimeException: boom",
        "  (at .*\\(.*\\)|\\.\\.\\. \\d+ elided)\n");
  }

  @Override
  Failure wrong() {
    return new Failure(
        "nothingOfThatName",
        "Error",
        "<console>:\\d+: error: not found: value nothingOfThatName",
        " {7}(nothingOfThatName|\\^)\n");
  }

  @Override
  Failure incomplete() {
    return new Failure("Seq(1, 2", "Error", "incomplete statement", "");
  }

  @Override
  String muchOutput() {
    return "for (i <- 1 to 100000) println(\"x\" * 99)";
  }

  @Override
  String longJob() {
    return "sc.parallelize(0 to 1, 2).map { n => Thread.sleep(300 + n * 600000L); n }.count()";
  }

  @Override
  String sleep(Path begun) {
    return "new java.io.File(\"" + begun + "\").createNewFile()\nThread.sleep(600000)";
  }

  @Override
  String endlessLoop(Path begun) {
    return "new java.io.File(\"" + begun + "\").createNewFile()\nwhile (true) {}";
  }

  @Override
  Sample table() {
    return new Sample(
        "val frame = spark.range(2)\n"
            + "  .selectExpr(\"id\", \"id / 4 as quarter\", \"nullif(id, 0) as some\")\n"
            + "%table frame",
        TABLE);
  }

  @Override
  String makeView(String name) {
    return "spark.range(3).createOrReplaceTempView(\"" + name + "\")";
  }

  @Override
  Sample countView(String name) {
    return new Sample("spark.table(\"" + name + "\").count()", "(val )?res\\d+: Long = 3\n");
  }

  @Override
  String unfinished(String view) {
    return "sc.paralle";
  }

  @Override
  String finished(String view) {
    return "parallelize";
  }
}
