package io.polybius.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A process with all that it has started. Children are found through their parents; those whose
 * parents have ended before them, such as daemons, by a mark in their environment, where the system
 * shows that (Linux does). Safe for use by many threads.
 */
public final class ProcessTree {

  private static final String MARK_VARIABLE = "LAUNCHED_BY_POLYBIUS";
  private static final int ROUNDS = 100;

  /** When a process began is told with that precision at least. */
  private static final long CLOCK_MILLIS = 2_000;

  private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Optional<ProcessHandle> root;
  private final String mark;

  /** All that were found and may still be there: they are not lost when their parents end. */
  private final Set<ProcessHandle> found = ConcurrentHashMap.newKeySet();

  /**
   * @param root the first process, which was marked
   * @param directory the directory that is its own
   */
  ProcessTree(ProcessHandle root, Path directory) {
    this.root = Optional.of(root);
    this.mark = mark(directory);
    found.add(root);
  }

  /**
   * Makes one of processes that may have lost the first of them.
   *
   * @param directory the directory that was its own
   */
  public ProcessTree(Path directory) {
    this.root = Optional.empty();
    this.mark = mark(directory);
  }

  /**
   * Returns a process that an earlier server has started, if it runs still: its number may be
   * another's by now.
   *
   * @param startedMillis when it was started, which decides where marks cannot be seen
   */
  static Optional<ProcessHandle> find(long pid, long startedMillis, Path directory) {
    return ProcessHandle.of(pid)
        .filter(ProcessTree::runs)
        .filter(
            process ->
                hasMark(process, mark(directory)).orElseGet(() -> beganAt(process, startedMillis)));
  }

  private static boolean beganAt(ProcessHandle process, long millis) {
    return process
        .info()
        .startInstant()
        .filter(start -> Math.abs(start.toEpochMilli() - millis) < CLOCK_MILLIS)
        .isPresent();
  }

  /** Marks a process that is about to be started, and so its children. */
  public static void mark(Map<String, String> environment, Path directory) {
    environment.put(MARK_VARIABLE, mark(directory));
  }

  /** The names of such directories are never used again. */
  private static String mark(Path directory) {
    return directory.getFileName().toString();
  }

  /** Ends the processes that there are now. */
  void kill() {
    // Children are listed first: once their parent is gone they can no longer be found. And the
    // parent ends first: it might see a child's end, and act on it.
    find();
    root.ifPresent(ProcessHandle::destroyForcibly);
    found.forEach(ProcessHandle::destroyForcibly);
  }

  /**
   * Ends the processes, until there are none: what was killed takes a moment to end, and may just
   * have started something else. Waits for that, but gives up on those that cannot be ended.
   */
  public void killUntilGone() {
    kill();
    for (int i = 0; i < ROUNDS && found.stream().anyMatch(ProcessTree::runs); i++) {
      LockSupport.parkNanos(ROUND_NANOS);
      kill();
    }
  }

  private void find() {
    // The number of one that has ended may be another process's now.
    found.removeIf(process -> !process.isAlive());
    ProcessHandle.allProcesses().filter(this::isMarked).forEach(found::add);
    // Those that are not marked may have been started with an environment of their own.
    List.copyOf(found).stream().flatMap(ProcessHandle::descendants).forEach(found::add);
  }

  private boolean isMarked(ProcessHandle process) {
    return hasMark(process, mark).orElse(false);
  }

  /** Returns nothing if that cannot be seen. */
  private static Optional<Boolean> hasMark(ProcessHandle process, String mark) {
    Path environment = Path.of("/proc", String.valueOf(process.pid()), "environ");
    try {
      String variables = "\0" + Files.readString(environment, StandardCharsets.ISO_8859_1);
      return Optional.of(variables.contains("\0" + MARK_VARIABLE + "=" + mark + "\0"));
    } catch (IOException e) {
      // It is gone, or another user's, or this system has no such files.
      return Optional.empty();
    }
  }

  /** One that has ended, but that its parent has not asked about, has no command any more. */
  static boolean runs(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }
}
