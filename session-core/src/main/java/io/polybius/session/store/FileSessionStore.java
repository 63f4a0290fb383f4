package io.polybius.session.store;

import io.polybius.session.spi.SessionRecords;
import io.polybius.session.spi.SessionStore;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps each session in a folder of its own. What is written is safe as soon as the operating
 * system has it: it outlives the server's process, but not for certain the machine.
 */
public final class FileSessionStore implements SessionStore {

  private static final Logger logger = LoggerFactory.getLogger(FileSessionStore.class);
  private static final String NEXT_ID = "next-session";

  private final Path folder;

  /**
   * Makes a store.
   *
   * @param folder where, used by no other server; made if it is missing, for its owner only
   */
  public FileSessionStore(Path folder) throws IOException {
    this.folder = folder;
    makeFolder(folder);
  }

  private static void makeFolder(Path path) throws IOException {
    Files.createDirectories(
        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  @Override
  public List<SessionRecords> left() throws IOException {
    List<SessionRecords> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
          found.add(new FileSessionRecords(Integer.parseInt(name), entry));
        }
      }
    }
    found.sort(Comparator.comparing(SessionRecords::sessionId));
    return found;
  }

  @Override
  public synchronized int nextSessionId() throws IOException {
    int aboveThoseLeft = left().stream().mapToInt(SessionRecords::sessionId).max().orElse(-1) + 1;
    try {
      int next = Integer.parseInt(Files.readString(folder.resolve(NEXT_ID)).strip());
      return Math.max(next, aboveThoseLeft);
    } catch (NoSuchFileException e) {
      return aboveThoseLeft;
    } catch (NumberFormatException | CharacterCodingException e) {
      logger.error("{} has no number in it; sessions go on with {}", NEXT_ID, aboveThoseLeft);
      return aboveThoseLeft;
    }
  }

  @Override
  public synchronized SessionRecords begin(int sessionId) throws IOException {
    Path next = folder.resolve(NEXT_ID + ".new");
    Files.deleteIfExists(next);
    Files.createFile(
        next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(next, String.valueOf(sessionId + 1).getBytes(StandardCharsets.US_ASCII));
    Files.move(next, folder.resolve(NEXT_ID), StandardCopyOption.ATOMIC_MOVE);
    Path own = folder.resolve(String.valueOf(sessionId));
    makeFolder(own);
    return new FileSessionRecords(sessionId, own);
  }
}
