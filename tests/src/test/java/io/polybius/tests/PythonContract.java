package io.polybius.tests;

import java.nio.file.Path;
import java.util.Optional;

/** The contract for Python. */
abstract class PythonContract extends InterpreterContract {

  @Override
  String kind() {
    return "pyspark";
  }

  @Override
  Sample value() {
    return new Sample("6 * 7", "42");
  }

  @Override
  Sample streams() {
    return new Sample(
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\n'v'", "out\n'v'\nerr");
  }

  @Override
  Sample unicode() {
    String text = "'\u00e9\ud83d\ude00 \u4e2d'";
    return new Sample(text, text);
  }

  @Override
  Failure failing() {
    return new Failure(
        "def divide(n):\n    return 1 / n\ndivide(0)",
        "ZeroDivisionError",
        "division by zero",
        "(?s)(Traceback \\(most recent call last\\)|ZeroDivisionError: division by zero"
            + "| {2}File \"|  {2}).*\n");
  }

  @Override
  Failure wrong() {
    return new Failure(
        "nothingOfThatName",
        "NameError",
        "name 'nothingOfThatName' is not defined",
        "(?s)(Traceback \\(most recent call last\\)|NameError: name 'nothingOf| {2}).*\n");
  }

  /** There is no call that has led there. */
  @Override
  Failure incomplete() {
    return new Failure(
        "sum([1, 2",
        "SyntaxError",
        ".*\\(.*, line 1\\)",
        "(?s)(?!Traceback)(SyntaxError| {2}).*\n");
  }

  @Override
  String muchOutput() {
    return "for i in range(100000): print('x' * 99)";
  }

  @Override
  String longJob() {
    return "import time\n"
        + "sc.parallelize(range(2), 2).map(lambda n: time.sleep(0.3 + n * 600)).count()";
  }

  @Override
  String sleep(Path begun) {
    return "import time\nopen('" + begun + "', 'w').close()\ntime.sleep(600)";
  }

  @Override
  String endlessLoop(Path begun) {
    return "open('" + begun + "', 'w').close()\nwhile True: pass";
  }

  @Override
  String nativeCall(Path begun) {
    return "import re\nopen('" + begun + "', 'w').close()\nre.match('(a+)+$', 'a' * 64 + 'b')";
  }

  @Override
  Failure deepRecursion() {
    return new Failure(
        "def deeper(n):\n    return deeper(n + 1)\ndeeper(0)",
        "RecursionError",
        "maximum recursion depth exceeded.*",
        "(?s)(Traceback \\(most recent call last\\)|RecursionError: maximum| {2}).*\n");
  }

  @Override
  Failure outOfMemory() {
    return new Failure(
        "bytearray(10 ** 15)",
        "MemoryError",
        "",
        "(?s)(Traceback \\(most recent call last\\)|MemoryError| {2}).*\n");
  }

  @Override
  Optional<Failure> exit() {
    return Optional.of(
        new Failure(
            "import sys\nsys.exit(3)",
            "SystemExit",
            "3",
            "(?s)(Traceback \\(most recent call last\\)|SystemExit: 3| {2}).*\n"));
  }

  @Override
  Sample forksAndThreads() {
    return new Sample(
        """
        import os, threading
        pid = os.fork()
        if pid == 0:
            print('child')
            os._exit(0)
        ended = os.waitpid(pid, 0)[1]
        thread = threading.Thread(target=lambda: print('thread'))
        thread.start()
        thread.join()
        ended""",
        "child\nthread\n0");
  }

  @Override
  Sample table() {
    return new Sample(
        "frame = spark.range(2).selectExpr('id', 'id / 4 as quarter', 'nullif(id, 0) as some')\n"
            + "%table frame",
        TABLE);
  }

  @Override
  String makeView(String name) {
    return "spark.range(3).createOrReplaceTempView('" + name + "')";
  }

  @Override
  Sample countView(String name) {
    return new Sample("spark.table('" + name + "').count()", "3");
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
