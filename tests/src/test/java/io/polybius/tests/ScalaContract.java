package io.polybius.tests;

import java.nio.file.Path;
import java.util.Optional;

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
  String nativeCall(Path begun) {
    return "new java.io.File(\""
        + begun
        + "\").createNewFile()\njava.nio.channels.ServerSocketChannel.open().bind(null).accept()";
  }

  @Override
  Failure deepRecursion() {
    return new Failure(
        "def deeper(n: Int): Int = deeper(n + 1) + 1\ndeeper(0)",
        "Error",
        "java\\.lang\\.StackOverflowError",
        "  (at .*\\(.*\\)|\\.\\.\\. \\d+ elided)\n");
  }

  @Override
  Failure outOfMemory() {
    return new Failure(
        "Iterator.iterate(new Array[Long](1 << 20))(_ => new Array[Long](1 << 20)).toList",
        "Error",
        "java\\.lang\\.OutOfMemoryError: Java heap space",
        "  (at .*\\(.*\\)|\\.\\.\\. \\d+ elided)\n");
  }

  @Override
  Optional<Failure> exit() {
    return Optional.empty();
  }

  @Override
  Sample forksAndThreads() {
    return new Sample(
        "val thread = new Thread(() => println(\"thread\"))\nthread.start()\nthread.join()\n"
            + "import scala.sys.process._\nSeq(\"echo\", \"process\").!!.trim",
        "(?s)(val )?thread: .*thread\n.*(val )?res\\d+: String = process\n");
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
