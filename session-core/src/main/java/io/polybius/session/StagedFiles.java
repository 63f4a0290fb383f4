package io.polybius.session;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that clients have uploaded for one session. They are in a folder of the session, each
 * in a folder of its own, so that those of the same name do not meet; only the server's user can
 * enter these. Safe for use by many threads.
 */
class StagedFiles {

  private static final Logger logger = LoggerFactory.getLogger(StagedFiles.class);

  /** What most file systems have room for. */
  private static final int MAX_NAME_BYTES = 255;

  private static final Pattern FOLDERS = Pattern.compile("^.*[/\\\\]", Pattern.DOTALL);

  /** What ends a line, or is not shown, could make one name look like another. */
  private static final Pattern UNUSABLE = Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}]");

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final FileAttribute<Set<PosixFilePermission>> OWNER_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final String SESSION = "session-";

  private final Optional<Path> folder;
  private boolean closed;

  /**
   * @param staging where the folders of sessions are; empty if nothing can be uploaded
   */
  StagedFiles(Optional<Path> staging, int sessionId) {
    this.folder = staging.map(path -> path.resolve(SESSION + sessionId));
  }

  /**
   * Removes what is left of sessions that are no more.
   *
   * @param staging where the folders of sessions are
   * @param sessions those that go on
   */
  static void removeAllBut(Path staging, Set<Integer> sessions) {
    Set<String> kept = Set.copyOf(sessions.stream().map(id -> SESSION + id).toList());
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(staging, SESSION + "*")) {
      for (Path each : folders) {
        if (!kept.contains(each.getFileName().toString())) {
          delete(each);
        }
      }
    } catch (NoSuchFileException nothingLeft) {
      // There has been no upload yet.
    } catch (IOException e) {
      logger.warn("uploaded files of earlier sessions are left in {}", staging, e);
    }
  }

  /**
   * Makes a file, which is empty.
   *
   * @param clientsName what the client calls it; folders in that are left out
   * @throws SessionException if it cannot have that name, or cannot be made
   */
  synchronized Path create(String clientsName) {
    String name = safeName(clientsName);
    Path parent =
        folder.orElseThrow(
            () ->
                new SessionException(
                    ErrorCode.STAGING_FAILED, "This server has no place for uploaded files."));
    if (closed) {
      throw SessionException.notActive();
    }
    Optional<Path> own = Optional.empty();
    try {
      Files.createDirectories(parent, OWNER_FOLDER);
      own = Optional.of(Files.createTempDirectory(parent, "upload-", OWNER_FOLDER));
      return Files.createFile(own.get().resolve(name), OWNER_FILE);
    } catch (InvalidPathException e) {
      own.ifPresent(StagedFiles::deleteOrWarn);
      throw badName(name, "the server's file system cannot have it");
    } catch (IOException e) {
      own.ifPresent(StagedFiles::deleteOrWarn);
      throw notStored(e);
    }
  }

  /** Removes a file, with its own folder. */
  void discard(Path file) {
    deleteOrWarn(file.getParent());
  }

  /** Removes all of them, and makes no more. */
  synchronized void close() {
    closed = true;
    folder.ifPresent(StagedFiles::deleteOrWarn);
  }

  /** Returns what a client is told when the disk does not take a file. */
  static SessionException notStored(IOException e) {
    logger.error("an uploaded file cannot be stored", e);
    return new SessionException(
        ErrorCode.STAGING_FAILED, "The server cannot store the file: " + reason(e));
  }

  /** Returns what a client is told when a file that was stored cannot be read. */
  static SessionException notRead(IOException e) {
    logger.error("an uploaded file cannot be read", e);
    return new SessionException(
        ErrorCode.STAGING_FAILED, "The server cannot read the file that it has got: " + reason(e));
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException known) {
      // Its message has the path, which is nobody's business.
      return known.getReason() == null ? known.getClass().getSimpleName() : known.getReason();
    }
    return e.getMessage();
  }

  /** Returns the last part of a name, if a file may be called so. */
  static String safeName(String clientsName) {
    String name = FOLDERS.matcher(clientsName).replaceFirst("");
    if (name.isBlank() || name.equals(".") || name.equals("..")) {
      throw badName(name, "it is no name of a file");
    } else if (UNUSABLE.matcher(name).find()) {
      throw badName(name, "it has control characters");
    } else if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
      throw badName(
          name.substring(0, Math.min(name.length(), 40)) + "...",
          "it is longer than " + MAX_NAME_BYTES + " bytes");
    }
    return name;
  }

  private static SessionException badName(String name, String why) {
    return new SessionException(
        ErrorCode.BAD_RESOURCE,
        "The file name '"
            + UNUSABLE.matcher(name).replaceAll("?")
            + "' cannot be used: "
            + why
            + ". Rename the file.");
  }

  private static void deleteOrWarn(Path path) {
    try {
      delete(path);
    } catch (IOException e) {
      logger.warn("uploaded files are left in {}", path, e);
    }
  }

  private static void delete(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        for (Path entry : entries) {
          delete(entry);
        }
      } catch (NoSuchFileException | NotDirectoryException e) {
        // Somebody else was faster.
        return;
      }
    }
    Files.deleteIfExists(path);
  }
}
