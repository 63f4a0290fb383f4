package io.polybius.session;

import io.polybius.driver.protocol.StreamName;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What the driver process of a session prints, and what the server has to say about it. Safe for
 * use by many threads.
 */
public final class ProcessLog {

  private static final int RETAINED_LINES = 20_000;

  private final Deque<String> stdout = new ArrayDeque<>();
  private final Deque<String> stderr = new ArrayDeque<>();
  private ProcessLog successor;

  /** Adds a line, without its line end. Old lines are dropped when there are very many. */
  public synchronized void append(StreamName stream, String line) {
    if (successor != null) {
      successor.append(stream, line);
      return;
    }
    Deque<String> lines = stream == StreamName.STDOUT ? stdout : stderr;
    if (lines.size() == RETAINED_LINES) {
      lines.remove();
    }
    lines.add(line);
  }

  /**
   * Hands the lines over to another log, and those to come as well: that of the session which has
   * got a process that was started before.
   */
  public synchronized void forwardTo(ProcessLog other) {
    successor = other;
    stdout.forEach(line -> other.append(StreamName.STDOUT, line));
    stderr.forEach(line -> other.append(StreamName.STDERR, line));
    stdout.clear();
    stderr.clear();
  }

  /**
   * Returns all lines as Livy shows them: the line {@code "stdout: "}, those of standard output,
   * the line {@code "\nstderr: "}, those of standard error.
   */
  public synchronized List<String> lines() {
    List<String> all = new ArrayList<>(stdout.size() + stderr.size() + 2);
    all.add("stdout: ");
    all.addAll(stdout);
    all.add("\nstderr: ");
    all.addAll(stderr);
    return all;
  }

  /** Returns the newest {@code count} lines of standard error, oldest first. */
  synchronized List<String> lastErrors(int count) {
    List<String> all = new ArrayList<>(stderr);
    return List.copyOf(all.subList(Math.max(0, all.size() - count), all.size()));
  }
}
