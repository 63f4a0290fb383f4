package io.polybius.launch;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** What is done with a folder and everything in it. */
public final class FileTree {

  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");

  private FileTree() {}

  /**
   * Deletes a folder with everything in it; does nothing when it is not there. Others may delete
   * files in it at the same time. Symbolic links are deleted, not followed. Folders in it that
   * their owner has closed are opened for that.
   *
   * @throws IOException if something could not be deleted; all the rest has been
   */
  public static void delete(Path folder) throws IOException {
    Deletion deletion = new Deletion();
    deletion.delete(folder);
    if (deletion.failures > 0) {
      throw new IOException(
          deletion.failures + " files are left, the first because of " + deletion.first,
          deletion.first);
    }
  }

  /** A deletion that goes on when something cannot be deleted. */
  private static final class Deletion {

    int failures;
    IOException first = new IOException();

    void delete(Path path) {
      int failuresBefore = failures;
      try {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          deleteEntries(path);
        }
        if (failures == failuresBefore) {
          Files.deleteIfExists(path);
        }
      } catch (NoSuchFileException e) {
        // Somebody else was faster.
        return;
      } catch (IOException e) {
        failed(e);
      }
    }

    private void deleteEntries(Path folder) throws IOException {
      open(folder);
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        entries.forEach(this::delete);
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
    }

    /** Programs may leave folders that nobody is allowed to look into or to change. */
    private static void open(Path folder) throws IOException {
      PosixFileAttributeView view =
          Files.getFileAttributeView(folder, PosixFileAttributeView.class);
      if (view == null) {
        return;
      }
      Set<PosixFilePermission> found = view.readAttributes().permissions();
      Set<PosixFilePermission> permissions = EnumSet.copyOf(OWNER);
      permissions.addAll(found);
      if (!permissions.equals(found)) {
        view.setPermissions(permissions);
      }
    }

    private void failed(IOException e) {
      if (failures == 0) {
        first = e;
      }
      failures++;
    }
  }
}
