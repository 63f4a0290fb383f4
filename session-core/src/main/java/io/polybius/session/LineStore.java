package io.polybius.session;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lines that are only ever added to, numbered from 0. They are in a file, and only the newest few
 * in memory too. Without a file, or once the file is very long or the disk takes no more, they are
 * in memory, the newest {@value #MOST_CHARS_IN_MEMORY} characters of them; of older ones nothing
 * but the number is kept then.
 *
 * <p>For one thread at a time.
 */
final class LineStore {

  private static final Logger logger = LoggerFactory.getLogger(LineStore.class);

  /** The newest lines can be read without touching the file. */
  static final int NEWEST = 20;

  private static final int MOST_CHARS_IN_MEMORY = 4 << 20;
  private static final long MOST_BYTES_IN_FILE = 1L << 30;

  /** A line takes memory also when it is empty. */
  private static final int CHARS_OF_EMPTY_LINE = 64;

  /** Where every so many-th line begins is remembered. */
  private static final int INDEX_STEP = 64;

  private static final String LOST = "(this line was lost)";

  private final Optional<Path> file;
  private final Deque<String> newest = new ArrayDeque<>(NEWEST);
  private final Deque<String> inMemory = new ArrayDeque<>();
  private long[] index = new long[0];
  private FileChannel channel;
  private long fileBytes;
  private int inFile;
  private int lost;
  private int charsInMemory;
  private boolean fileFailed;
  private boolean deleted;

  /**
   * @param file where the lines go, after those that are there; made with the first line
   */
  LineStore(Optional<Path> file) {
    this.file = file;
    file.filter(Files::exists).ifPresent(this::load);
  }

  /** Finds the lines that an earlier server has written; the last one may be only half there. */
  private void load(Path written) {
    try (InputStream bytes = new BufferedInputStream(Files.newInputStream(written))) {
      long read = 0;
      for (int next = bytes.read(); next >= 0; next = bytes.read()) {
        read++;
        if (next == '\n') {
          noteLine(read);
        }
      }
      readFile(Math.max(0, inFile - NEWEST), inFile, newest);
    } catch (IOException e) {
      logger.warn("{} cannot be read: {}", written, e.toString());
      fileFailed = true;
    }
  }

  /** Takes note of a line that is in the file now, which ends there. */
  private void noteLine(long end) {
    if (inFile % INDEX_STEP == 0) {
      int entry = inFile / INDEX_STEP;
      if (entry == index.length) {
        index = Arrays.copyOf(index, Math.max(16, 2 * entry));
      }
      index[entry] = fileBytes;
    }
    fileBytes = end;
    inFile++;
  }

  /** Returns how many lines have been added. */
  int count() {
    return inFile + lost + inMemory.size();
  }

  /** Adds a line, which has no line feed in it. */
  void add(String line) {
    if (deleted) {
      return;
    }
    if (newest.size() == NEWEST) {
      newest.remove();
    }
    newest.add(line);
    if (file.isEmpty() || fileFailed) {
      addToMemory(line);
      return;
    }
    try {
      addToFile(line);
    } catch (IOException e) {
      logger.warn(
          "{} takes no more lines, which are kept in memory now: {}", file.get(), e.toString());
      fileFailed = true;
      addToMemory(line);
    }
  }

  private void addToMemory(String line) {
    inMemory.add(line);
    charsInMemory += line.length() + CHARS_OF_EMPTY_LINE;
    while (charsInMemory > MOST_CHARS_IN_MEMORY) {
      charsInMemory -= inMemory.remove().length() + CHARS_OF_EMPTY_LINE;
      lost++;
    }
  }

  private void addToFile(String line) throws IOException {
    if (channel == null) {
      channel =
          FileChannel.open(
              file.orElseThrow(),
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    long at = fileBytes;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    noteLine(at);
    if (fileBytes > MOST_BYTES_IN_FILE) {
      logger.warn("{} is full; of the lines to come only the newest are kept", file.get());
      fileFailed = true;
    }
  }

  /** Returns up to {@code most} of the newest lines, oldest first; at most {@link #NEWEST}. */
  List<String> newest(int most) {
    List<String> all = new ArrayList<>(newest);
    return all.subList(Math.max(0, all.size() - most), all.size());
  }

  /** Adds the lines from one number up to, but without, another one to a list. */
  void read(int from, int to, Collection<String> into) {
    if (from < Math.min(to, inFile)) {
      readFile(from, Math.min(to, inFile), into);
    }
    for (int i = Math.max(from, inFile); i < Math.min(to, inFile + lost); i++) {
      into.add(LOST);
    }
    int memoryBegin = inFile + lost;
    inMemory.stream()
        .skip(Math.max(0, from - memoryBegin))
        .limit(Math.max(0, to - Math.max(from, memoryBegin)))
        .forEach(into::add);
  }

  private void readFile(int from, int to, Collection<String> into) {
    int wanted = into.size() + to - from;
    if (deleted) {
      into.addAll(Collections.nCopies(to - from, LOST));
      return;
    }
    try (FileChannel reading = FileChannel.open(file.orElseThrow(), StandardOpenOption.READ)) {
      reading.position(index[from / INDEX_STEP]);
      InputStream bytes = Channels.newInputStream(reading);
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8));
      for (int skip = from % INDEX_STEP; skip > 0; skip--) {
        nextLine(lines);
      }
      while (into.size() < wanted) {
        into.add(nextLine(lines));
      }
    } catch (IOException e) {
      logger.warn("{} cannot be read: {}", file.get(), e.toString());
      while (into.size() < wanted) {
        into.add(LOST);
      }
    }
  }

  /** Lines may hold carriage returns, at which the reader's own method would split them. */
  private static String nextLine(BufferedReader reader) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int read = reader.read(); read != '\n'; read = reader.read()) {
      if (read < 0) {
        throw new IOException("the file is too short");
      }
      line.append((char) read);
    }
    return line.toString();
  }

  /** Frees the open file; adding a line opens it again. */
  void release() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        logger.warn("{} could not be closed: {}", file.orElseThrow(), e.toString());
      }
      channel = null;
    }
  }

  /** Frees and removes the file, for good; what is added later is dropped. */
  void delete() {
    release();
    deleted = true;
    inMemory.clear();
    newest.clear();
    try {
      if (file.isPresent()) {
        Files.deleteIfExists(file.get());
      }
    } catch (IOException e) {
      logger.warn("{} could not be deleted: {}", file.get(), e.toString());
    }
  }
}
