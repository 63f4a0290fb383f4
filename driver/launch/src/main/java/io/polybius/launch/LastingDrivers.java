package io.polybius.launch;

import io.polybius.driver.protocol.DriverListener;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The drivers that outlive the server: the folder with what is kept of them, the port at which they
 * dial in, those that an earlier server has left, and those of this one. Safe for use by many
 * threads.
 */
final class LastingDrivers {

  private static final Logger logger = LoggerFactory.getLogger(LastingDrivers.class);

  private static final Duration PORT_PATIENCE = Duration.ofSeconds(5);
  private static final long PORT_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Path folder;

  /** The names of what an earlier server has left; drivers of this one add more. */
  private final Set<String> left;

  private final Set<DriverProcess> own = ConcurrentHashMap.newKeySet();

  // Guarded by this:
  private final Map<String, DriverPapers> expected = new HashMap<>();
  private Optional<String> whyNone = Optional.empty();

  private volatile Consumer<DriverPapers> elsewhere = papers -> {};

  /**
   * @param folder used by no other launcher; made if it is missing
   */
  LastingDrivers(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    this.left = namesIn(folder);
  }

  private static Set<String> namesIn(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .collect(Collectors.toUnmodifiableSet());
    }
  }

  /** Has what ends there called for drivers that are not processes of this machine. */
  void endElsewhere(Consumer<DriverPapers> end) {
    elsewhere = end;
  }

  /** Returns where drivers have their files. */
  Path folder() {
    return folder;
  }

  /**
   * Listens at the port of the earlier server, which its drivers know, or else at the first of
   * these ports that is free.
   */
  DriverListener listen(
      InetSocketAddress address, List<Integer> ports, SSLContext context, Duration reconnectWindow)
      throws IOException {
    Path file = folder.resolve("port");
    Optional<Integer> port = port(file);
    DriverListener listener;
    try {
      listener =
          port.isPresent()
              ? listenPatiently(
                  new InetSocketAddress(address.getAddress(), port.get()), context, reconnectWindow)
              : DriverLinks.listen(address, ports, context, reconnectWindow, true);
    } catch (IOException e) {
      if (port.isEmpty()) {
        throw e;
      }
      logger.error("drivers of the earlier server cannot be taken back: {}", e.getMessage());
      giveUp(
          "Port " + port.get() + ", at which the driver looks for a server, is another program's.");
      listener = DriverLinks.listen(address, ports, context, reconnectWindow, true);
    }
    Path next = folder.resolve("port.new");
    Files.deleteIfExists(next);
    WorkDirectory.write(
        next, String.valueOf(listener.address().getPort()).getBytes(StandardCharsets.US_ASCII));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    return listener;
  }

  /**
   * Tries for some seconds: the earlier server, or a connection of a driver, may still be going.
   */
  private static DriverListener listenPatiently(
      InetSocketAddress address, SSLContext context, Duration reconnectWindow) throws IOException {
    long end = System.nanoTime() + PORT_PATIENCE.toNanos();
    while (true) {
      try {
        return new DriverListener(address, context, reconnectWindow, true);
      } catch (IOException e) {
        if (System.nanoTime() - end >= 0 || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        LockSupport.parkNanos(PORT_RETRY_NANOS);
      }
    }
  }

  /** The drivers of the earlier server cannot be taken back; they will end. */
  synchronized void giveUp(String why) {
    whyNone = Optional.of(why);
  }

  private static Optional<Integer> port(Path file) throws IOException {
    try {
      return Optional.of(Integer.parseInt(Files.readString(file).strip())).filter(port -> port > 0);
    } catch (NoSuchFileException | CharacterCodingException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Ends all that an earlier server has left but for the drivers of these names. */
  synchronized void expect(List<String> names) {
    try {
      Set<String> known = new HashSet<>();
      List<DriverPapers> others = new ArrayList<>();
      for (DriverPapers papers : DriverPapers.in(folder)) {
        if (!left.contains(papers.file().getFileName().toString())) {
          continue;
        }
        known.add(papers.driver());
        if (names.contains(papers.owner())) {
          expected.merge(papers.owner(), papers, LastingDrivers::newer);
        }
        others.add(papers);
      }
      others.removeAll(expected.values());
      others.forEach(this::end);
      endNameless(known);
    } catch (IOException e) {
      logger.error("what the earlier server has left cannot be looked through", e);
    }
  }

  private static DriverPapers newer(DriverPapers one, DriverPapers other) {
    return one.startedMillis() > other.startedMillis() ? one : other;
  }

  /** Ends processes that had hardly begun when the earlier server ended. */
  private void endNameless(Set<String> known) {
    for (String name : left) {
      if (!known.contains(name) && Files.isDirectory(folder.resolve(name))) {
        end(DriverPapers.blank(new WorkDirectory(folder.resolve(name))));
      }
    }
  }

  /** Ends what there is of a driver, without waiting for that. */
  void end(DriverPapers papers) {
    Thread thread =
        new Thread(
            () -> {
              if (papers.tag().isPresent()) {
                elsewhere.accept(papers);
              }
              new ProcessTree(papers.directory().path()).killUntilGone();
              papers.delete();
            },
            "process-end");
    thread.setDaemon(true);
    thread.start();
  }

  /** Returns what is known of a driver of the earlier server; only once. */
  synchronized DriverPapers claim(String name) throws LaunchException {
    DriverPapers papers = expected.remove(name);
    if (papers == null) {
      throw new LaunchException("Nothing is known of its driver any more.");
    }
    if (whyNone.isPresent()) {
      end(papers);
      throw new LaunchException(whyNone.get());
    }
    return papers;
  }

  /** Adds a driver of a session. */
  void add(DriverProcess driver) {
    own.add(driver);
    driver.exited().thenRun(() -> own.remove(driver));
  }

  /** Leaves the drivers of sessions to a later server. */
  void leave() {
    own.forEach(driver -> driver.process().leave());
  }
}
