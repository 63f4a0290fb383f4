package io.polybius.kernel.history;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.polybius.kernel.files.OwnerOnly;
import io.polybius.kernel.history.HistoryStore.Place;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.MalformedMessageException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one user has run: the newest of it in memory, and in a file to which lines of JSON are added
 * until it has grown to several times of that; then it is written anew. For one thread at a time.
 */
final class UserHistory {

  private static final Logger log = LoggerFactory.getLogger(UserHistory.class);

  /** Of older entries nothing is kept. */
  static final int MOST_ENTRIES = 10_000;

  private static final long MOST_CHARS = 16L << 20;

  /** Nobody calls back a text that is longer. */
  private static final int MOST_CHARS_OF_INPUT = 256 << 10;

  private static final int MOST_CHARS_OF_OUTPUT = 8 << 10;

  /** How much longer than what is kept the file may grow. */
  private static final int SLACK = 4;

  private final Optional<Path> file;
  private final Map<Position, HistoryEntry> entries = new LinkedHashMap<>();
  private final Map<Place, Integer> numbers = new HashMap<>();
  private int lastNumber;
  private long chars;
  private long linesInFile;
  private long bytesInFile;
  private FileChannel channel;
  private boolean fileFailed;

  private record Position(int session, int line) {}

  /** A line of the file: an entry, or only its output, which is known later. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Line(int session, int line, Long started, String input, String output) {}

  private UserHistory(Optional<Path> file) {
    this.file = file;
  }

  /** Opens the history in a file; an empty one if there is no such file yet. */
  static UserHistory open(Optional<Path> file) {
    UserHistory history = new UserHistory(file);
    file.filter(Files::exists).ifPresent(history::load);
    return history;
  }

  private void load(Path from) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(from), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        linesInFile++;
        load(line);
      }
      bytesInFile = Files.size(from);
    } catch (IOException e) {
      log.warn("{} cannot be read to its end: {}", from, e.toString());
    }
  }

  private void load(String text) {
    try {
      Line line =
          JupyterJson.convert(
              JupyterJson.readObject(text.getBytes(StandardCharsets.UTF_8)), Line.class);
      Position position = new Position(line.session(), line.line());
      if (line.input() != null) {
        put(
            position,
            new HistoryEntry(
                line.session(),
                line.line(),
                line.started() == null ? 0 : line.started(),
                line.input(),
                Optional.ofNullable(line.output())));
      } else if (line.output() != null && entries.containsKey(position)) {
        put(position, entries.get(position).withOutput(Optional.of(line.output())));
      }
    } catch (MalformedMessageException e) {
      // The server may have been killed while it wrote the last one.
      log.warn("a line of the history is left out: {}", e.getMessage());
    }
  }

  private void put(Position position, HistoryEntry entry) {
    HistoryEntry before = entries.put(position, entry);
    chars += chars(entry) - (before == null ? 0 : chars(before));
    lastNumber = Math.max(lastNumber, position.session());
    while (entries.size() > MOST_ENTRIES || (chars > MOST_CHARS && entries.size() > 1)) {
      Position oldest = entries.keySet().iterator().next();
      chars -= chars(entries.remove(oldest));
    }
  }

  private static long chars(HistoryEntry entry) {
    return entry.input().length() + entry.output().map(String::length).orElse(0);
  }

  /** Returns all entries that are kept, oldest first. */
  List<HistoryEntry> entries() {
    return List.copyOf(entries.values());
  }

  /** Returns the number of the session at a place; it has one from its first entry on. */
  int number(Place place) {
    return numbers.getOrDefault(place, lastNumber + 1);
  }

  /** Adds an entry, or its output to one that is there. */
  void add(Place place, int line, long startedMillis, String input, Optional<String> output) {
    if (input.length() > MOST_CHARS_OF_INPUT) {
      return;
    }
    Optional<String> value = output.map(UserHistory::cut);
    int session = numberOf(place, line, startedMillis, input);
    Position position = new Position(session, line);
    HistoryEntry known = entries.get(position);
    if (known == null) {
      put(position, new HistoryEntry(session, line, startedMillis, input, value));
      write(new Line(session, line, startedMillis, input, value.orElse(null)));
    } else if (known.output().isEmpty() && value.isPresent()) {
      put(position, known.withOutput(value));
      write(new Line(session, line, null, null, value.get()));
    }
  }

  /**
   * Returns the number of the session at a place, which gets one if it has none: that of a session
   * from before a restart of the server if the entry is known from there, else a new one.
   */
  private int numberOf(Place place, int line, long startedMillis, String input) {
    Integer known = numbers.get(place);
    if (known != null) {
      return known;
    }
    int number =
        entries.values().stream()
            .filter(
                entry ->
                    entry.startedMillis() == startedMillis
                        && entry.line() == line
                        && entry.input().equals(input)
                        && !numbers.containsValue(entry.session()))
            .map(HistoryEntry::session)
            .findFirst()
            .orElse(lastNumber + 1);
    numbers.put(place, number);
    lastNumber = Math.max(lastNumber, number);
    return number;
  }

  private static String cut(String text) {
    return text.length() <= MOST_CHARS_OF_OUTPUT
        ? text
        : text.substring(0, MOST_CHARS_OF_OUTPUT) + "...";
  }

  private void write(Line line) {
    if (file.isEmpty() || fileFailed) {
      return;
    }
    try {
      if (linesInFile >= (long) SLACK * MOST_ENTRIES || bytesInFile > SLACK * MOST_CHARS) {
        writeAnew(file.get());
      } else {
        if (channel == null) {
          channel = open(file.get(), StandardOpenOption.APPEND);
          endTornLine(file.get());
        }
        write(channel, line);
      }
    } catch (IOException e) {
      log.warn("{} takes nothing more: {}", file.get(), e.toString());
      fileFailed = true;
      close();
    }
  }

  private static FileChannel open(Path path, StandardOpenOption how) throws IOException {
    return FileChannel.open(
        path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, how), OwnerOnly.file());
  }

  private void endTornLine(Path path) throws IOException {
    long size = channel.size();
    ByteBuffer last = ByteBuffer.allocate(1);
    if (size > 0) {
      try (FileChannel reading = FileChannel.open(path, StandardOpenOption.READ)) {
        reading.read(last, size - 1);
      }
      if (last.get(0) != '\n') {
        channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
      }
    }
  }

  private void write(FileChannel to, Line line) throws IOException {
    byte[] text = JupyterJson.write(JupyterJson.toObject(line));
    ByteBuffer bytes = ByteBuffer.allocate(text.length + 1).put(text).put((byte) '\n').flip();
    while (bytes.hasRemaining()) {
      bytesInFile += to.write(bytes);
    }
    linesInFile++;
  }

  /** Replaces the file by one that has only what is kept. */
  private void writeAnew(Path path) throws IOException {
    close();
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    linesInFile = 0;
    bytesInFile = 0;
    try (FileChannel to = open(fresh, StandardOpenOption.TRUNCATE_EXISTING)) {
      for (HistoryEntry entry : entries.values()) {
        write(
            to,
            new Line(
                entry.session(),
                entry.line(),
                entry.startedMillis(),
                entry.input(),
                entry.output().orElse(null)));
      }
    }
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Frees the file; adding an entry opens it again. */
  void close() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        log.warn("{} could not be closed: {}", file.orElseThrow(), e.toString());
      }
      channel = null;
    }
  }
}
