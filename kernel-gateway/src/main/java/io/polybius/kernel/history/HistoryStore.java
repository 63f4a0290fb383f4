package io.polybius.kernel.history;

import io.polybius.kernel.files.OwnerOnly;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was run in all sessions of a server, each user's apart. With a folder, it is kept there, in
 * one file for each user that only the server's user can read, and outlives the server.
 *
 * <p>May be used from any thread. Everything happens on one thread of its own, in the order of the
 * calls, so nobody waits for a disk.
 */
public final class HistoryStore implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HistoryStore.class);

  /** A disk that does not answer must not fill the memory with what is to be written. */
  private static final int MOST_WAITING = 10_000;

  private static final long CLOSE_SECONDS = 5;
  private static final String LOCK_FILE = "lock";

  private final Optional<Path> wanted;
  private final ThreadPoolExecutor thread;

  // On the thread:
  private final Map<Optional<String>, UserHistory> users = new HashMap<>();
  private Optional<Path> folder = Optional.empty();
  private Optional<FileLock> lock = Optional.empty();

  /**
   * One life of a session: between two restarts.
   *
   * @param owner the user whose session it is, if it is known
   * @param session the session's id
   * @param incarnation counts its drivers
   */
  public record Place(Optional<String> owner, int session, int incarnation) {}

  private HistoryStore(Optional<Path> wanted) {
    this.wanted = wanted;
    this.thread =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING),
            task -> {
              Thread made = new Thread(task, "kernel-history");
              made.setDaemon(true);
              return made;
            });
  }

  /** Makes a store that ends with the server. */
  public static HistoryStore inMemory() {
    return new HistoryStore(Optional.empty());
  }

  /**
   * Makes a store on the files of a folder. Where that cannot be used, or another server uses it,
   * the store is in memory, and the log says so.
   *
   * @param folder is made, if it is missing, when there is something to keep
   */
  public static HistoryStore in(Path folder) {
    return new HistoryStore(Optional.of(folder));
  }

  private void open(Path path) {
    try {
      Files.createDirectories(path, OwnerOnly.folder());
      lock = lock(path.resolve(LOCK_FILE));
      if (lock.isPresent()) {
        folder = Optional.of(path);
      } else {
        log.warn("another server uses {}; the history of this one ends with it", path);
      }
    } catch (IOException e) {
      log.warn("{} cannot be used; the history ends with the server: {}", path, e.toString());
    }
  }

  private static Optional<FileLock> lock(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OwnerOnly.file());
    Optional<FileLock> lock = Optional.empty();
    try {
      lock = Optional.ofNullable(channel.tryLock());
      return lock;
    } catch (OverlappingFileLockException e) {
      log.debug("another part of this process has the lock", e);
      return lock;
    } finally {
      if (lock.isEmpty()) {
        channel.close();
      }
    }
  }

  /**
   * Keeps something that was run. What is known already is not kept twice, and its output is added
   * once.
   *
   * @param line counts what was run in that place, from 1
   * @param output computes the text of its value, if it has one by now
   */
  public void add(
      Place place, int line, long startedMillis, String input, Supplier<Optional<String>> output) {
    try {
      thread.execute(
          () -> guarded(() -> user(place).add(place, line, startedMillis, input, output.get())));
    } catch (RejectedExecutionException e) {
      log.warn("the history takes nothing more for now");
    }
  }

  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      log.error("the history failed", e);
    }
  }

  /**
   * Reads what a user has run.
   *
   * @param place where the user is now
   * @param reader gets all entries, oldest first, and the number of the session at that place;
   *     called on the store's thread
   */
  public <T> CompletionStage<T> read(
      Place place, BiFunction<List<HistoryEntry>, Integer, T> reader) {
    try {
      return CompletableFuture.supplyAsync(
          () -> {
            UserHistory history = user(place);
            return reader.apply(history.entries(), history.number(place));
          },
          thread);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private UserHistory user(Place place) {
    if (users.isEmpty()) {
      wanted.ifPresent(this::open);
    }
    return users.computeIfAbsent(
        place.owner(),
        owner -> UserHistory.open(folder.map(files -> files.resolve(fileName(owner)))));
  }

  private static String fileName(Optional<String> owner) {
    return owner.map(name -> "user-" + encoded(name)).orElse("everybody") + ".jsonl";
  }

  /** Names may hold any characters, and dots alone would be folders. */
  private static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace(".", "%2E").replace("*", "%2A");
  }

  /** Writes what waits, within some seconds, and frees the files. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        users.values().forEach(UserHistory::close);
      } else {
        log.warn("the history could not be written in time");
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      thread.shutdownNow();
      Thread.currentThread().interrupt();
    }
    lock.ifPresent(HistoryStore::release);
  }

  private static void release(FileLock lock) {
    try {
      lock.acquiredBy().close();
    } catch (IOException e) {
      log.warn("the lock of the history could not be released", e);
    }
  }
}
