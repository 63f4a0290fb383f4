package io.polybius.session;

import io.polybius.driver.protocol.StreamName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the process of a session or a batch prints, and what the server has to say about it. As Livy
 * shows it, it is the line {@code "stdout: "}, the lines of standard output, the line {@code
 * "\nstderr: "} and the lines of standard error; behind them, if a cluster is involved, a line such
 * as {@code "\nYARN Diagnostics: "} and what the cluster says. Nothing is dropped, so the lines of
 * each part keep their places in it. A program whose standard error is part of its standard output
 * has the second heading only when there is something below it, or nothing comes any more: so lines
 * are only added at the end. Safe for use by many threads.
 */
public final class ProcessLog {

  private static final String OUTPUT_HEADER = "stdout: ";
  private static final String ERROR_HEADER = "\nstderr: ";

  /** A longer line is cut. */
  private static final int MOST_CHARS_OF_LINE = 16 << 10;

  /** One page has no more text than this, so that nobody can fill the server's memory with it. */
  private static final int MOST_CHARS_OF_PAGE = 16 << 20;

  private static final int LINES_AT_A_TIME = 1000;

  private final LineStore output;
  private final LineStore errors;

  /** What a cluster says; the first line is its heading. */
  private final LineStore diagnostics;

  /** Read without waiting for those who add or read much. */
  private volatile List<String> newest;

  /** How many lines of standard error are of programs before the present one. */
  private int earlierErrors;

  private boolean errorsApart;
  private ProcessLog successor;

  /** Makes one that is kept in memory, and drops old lines when there are very many. */
  public ProcessLog() {
    this(Optional.empty(), "", true);
  }

  /**
   * Makes one that is kept in two files.
   *
   * @param folder where they are; empty for memory
   * @param name how their names begin
   * @param errorsApart whether standard error is apart from standard output
   */
  ProcessLog(Optional<Path> folder, String name, boolean errorsApart) {
    this.output = new LineStore(folder.map(files -> files.resolve(name + ".stdout")));
    this.errors = new LineStore(folder.map(files -> files.resolve(name + ".stderr")));
    this.diagnostics = new LineStore(folder.map(files -> files.resolve(name + ".diagnostics")));
    this.errorsApart = errorsApart;
    this.newest = findNewest();
  }

  /** Adds a text, which may have several lines, without its last line end. */
  public synchronized void append(StreamName stream, String text) {
    if (successor != null) {
      successor.append(stream, text);
      return;
    }
    add(stream == StreamName.STDOUT ? output : errors, text);
  }

  /**
   * Adds what a cluster says.
   *
   * @param cluster its name, such as {@code YARN}
   * @param text may have several lines; nothing but the heading is added when it is blank
   */
  public synchronized void diagnose(String cluster, String text) {
    if (diagnostics.count() == 0) {
      add(diagnostics, cluster + " Diagnostics: ");
    }
    if (!text.isBlank()) {
      add(diagnostics, text.strip());
    }
  }

  private void add(LineStore lines, String text) {
    for (String line : text.split("\n", -1)) {
      lines.add(
          line.length() <= MOST_CHARS_OF_LINE
              ? line
              : line.substring(0, MOST_CHARS_OF_LINE) + "...");
    }
    newest = findNewest();
  }

  /**
   * Hands the lines over to another log, and those to come as well: that of the session which has
   * got a process that was started before.
   */
  public synchronized void forwardTo(ProcessLog other) {
    successor = other;
    List<String> lines = new ArrayList<>();
    output.read(0, output.count(), lines);
    lines.forEach(line -> other.append(StreamName.STDOUT, line));
    lines.clear();
    errors.read(0, errors.count(), lines);
    lines.forEach(line -> other.append(StreamName.STDERR, line));
    delete();
  }

  /**
   * Returns a part of the log.
   *
   * @param from number of the first line, from 0; a negative one means the last {@code size} lines
   * @param size how many lines at most, negative for all; fewer come when they are very long
   */
  public synchronized LogPage page(int from, int size) {
    int total =
        1 + output.count() + (hasErrorHeader() ? 1 + errors.count() : 0) + diagnostics.count();
    int count = size < 0 ? total : size;
    int begin = from < 0 ? Math.max(0, total - count) : from;
    int end = (int) Math.min(total, (long) begin + count);
    List<String> lines = new ArrayList<>();
    long chars = 0;
    int next = begin;
    while (next < end && chars <= MOST_CHARS_OF_PAGE) {
      int before = lines.size();
      int upTo = Math.min(end, next + LINES_AT_A_TIME);
      read(next, upTo, lines);
      chars += lines.subList(before, lines.size()).stream().mapToLong(String::length).sum();
      next = upTo;
    }
    return new LogPage(begin, total, lines);
  }

  private void read(int from, int to, List<String> into) {
    int errorHeader = 1 + output.count();
    if (from == 0 && to > 0) {
      into.add(OUTPUT_HEADER);
    }
    output.read(Math.max(0, from - 1), Math.min(output.count(), to - 1), into);
    if (!hasErrorHeader()) {
      return;
    }
    if (from <= errorHeader && to > errorHeader) {
      into.add(ERROR_HEADER);
    }
    int firstError = errorHeader + 1;
    errors.read(Math.max(0, from - firstError), Math.min(errors.count(), to - firstError), into);
    int firstDiagnosis = firstError + errors.count();
    int begin = into.size();
    diagnostics.read(Math.max(0, from - firstDiagnosis), to - firstDiagnosis, into);
    if (from <= firstDiagnosis && into.size() > begin) {
      into.set(begin, "\n" + into.get(begin));
    }
  }

  /** Returns up to {@code most} of the last lines, at most {@value LineStore#NEWEST}. */
  public List<String> newest(int most) {
    List<String> lines = newest;
    return lines.subList(Math.max(0, lines.size() - most), lines.size());
  }

  private List<String> findNewest() {
    List<String> lines = new ArrayList<>();
    lines.add(OUTPUT_HEADER);
    lines.addAll(output.newest(LineStore.NEWEST));
    if (hasErrorHeader()) {
      lines.add(ERROR_HEADER);
      lines.addAll(errors.newest(LineStore.NEWEST));
    }
    int begin = lines.size();
    lines.addAll(diagnostics.newest(LineStore.NEWEST));
    if (diagnostics.count() == lines.size() - begin && diagnostics.count() > 0) {
      lines.set(begin, "\n" + lines.get(begin));
    }
    return List.copyOf(lines.subList(Math.max(0, lines.size() - LineStore.NEWEST), lines.size()));
  }

  private boolean hasErrorHeader() {
    return errorsApart || errors.count() > 0 || diagnostics.count() > 0;
  }

  /** From now on, what comes is from another program, as a line says. */
  synchronized void beginAnew(String why) {
    earlierErrors = errors.count();
    append(StreamName.STDERR, why);
  }

  /** Returns the newest lines of the present program's standard error, oldest first. */
  synchronized List<String> newestErrors() {
    return List.copyOf(errors.newest(Math.min(LineStore.NEWEST, errors.count() - earlierErrors)));
  }

  /** Frees open files, when the process has ended; the log can be read and added to as before. */
  synchronized void release() {
    errorsApart = true;
    newest = findNewest();
    output.release();
    errors.release();
    diagnostics.release();
  }

  /** Removes the files, for good. */
  synchronized void delete() {
    output.delete();
    errors.delete();
    diagnostics.delete();
  }
}
