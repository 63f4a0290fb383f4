package io.polybius.tests;

import java.nio.file.Path;
import java.util.Optional;

/** The contract for R, which needs no SparkR: what it lacks without, other languages do for it. */
abstract class RContract extends InterpreterContract {

  @Override
  String kind() {
    return "sparkr";
  }

  @Override
  Sample value() {
    return new Sample("6 * 7", "\\[1\\] 42");
  }

  @Override
  Sample streams() {
    return new Sample("cat('out\\n')\nmessage('err')\n'v'", "out\n\\[1\\] \"v\"\nerr");
  }

  @Override
  Sample unicode() {
    String text = "\u00e9\ud83d\ude00 \u4e2d";
    return new Sample("'" + text + "'", "\\[1\\] \"" + text + "\"");
  }

  @Override
  Failure failing() {
    return new Failure(
        "divide <- function(n) if (n == 0) stop('by zero') else 1 / n\ndivide(0)",
        "Error",
        "\\[1\\] \"Error in divide\\(0\\): by zero\"",
        "");
  }

  @Override
  Failure wrong() {
    return new Failure(
        "nothingOfThatName",
        "Error",
        "\\[1\\] \"Error in eval.*: object 'nothingOfThatName' not found\"",
        "");
  }

  @Override
  Failure incomplete() {
    return new Failure("sum(1, 2", "Error", "incomplete statement", "");
  }

  @Override
  String muchOutput() {
    return "for (i in 1:100000) cat(strrep('x', 99), '\\n', sep = '')";
  }

  @Override
  String longJob() {
    return "%scala sc.parallelize(0L to 1L, 2).map(n => Thread.sleep(300L + n * 600000L)).count()";
  }

  @Override
  String sleep(Path begun) {
    return "created <- file.create('" + begun + "')\nSys.sleep(600)";
  }

  @Override
  String endlessLoop(Path begun) {
    return "created <- file.create('" + begun + "')\nwhile (TRUE) NULL";
  }

  @Override
  String nativeCall(Path begun) {
    return "created <- file.create('" + begun + "')\nsystem('sleep 600')";
  }

  @Override
  Failure deepRecursion() {
    return new Failure(
        "deeper <- function(n) deeper(n + 1)\ndeeper(0)",
        "Error",
        "(?s)\\[1\\] \"Error.*(infinite recursion|stack usage|stack overflow).*\"",
        "");
  }

  @Override
  Failure outOfMemory() {
    return new Failure(
        "numeric(1e15)", "Error", "\\[1\\] \"Error.*: cannot allocate vector of size .*\"", "");
  }

  @Override
  Optional<Failure> exit() {
    return Optional.of(new Failure("q(status = 3)", "Error", "(?s).*exit code 3.*is gone.*", ""));
  }

  @Override
  Sample forksAndThreads() {
    return new Sample(
        "unlist(parallel::mclapply(1:3, function(n) n * 2, mc.cores = 2))", "\\[1\\] 2 4 6");
  }

  @Override
  Sample table() {
    return new Sample(
        "%sql create or replace temporary view frame_for_r as"
            + " select id, id / 4 as quarter, nullif(id, 0) as some from range(2)\n"
            + "%scala kernel.share(\"frame_for_r\", spark.table(\"frame_for_r\"))\n"
            + "%shared frame_for_r as frame\n%table frame",
        TABLE.replace("BIGINT_TYPE", "INT_TYPE"));
  }

  @Override
  String makeView(String name) {
    return "%sql create or replace temporary view " + name + " as select * from range(3)";
  }

  @Override
  Sample countView(String name) {
    return new Sample("%sql select count(*) from " + name, ".*\"data\":\\[\\[3\\]\\].*");
  }

  @Override
  String unfinished(String view) {
    return "strtoi(\"7\"); strsp";
  }

  @Override
  String finished(String view) {
    return "strsplit";
  }
}
