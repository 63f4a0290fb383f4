package io.polybius.kernel.files;

import java.nio.file.FileSystems;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Lets new files and folders be of use to their owner only, where the file system knows that. */
public final class OwnerOnly {

  private OwnerOnly() {}

  /** Returns what a new file has from its first moment on: mode 600. */
  public static FileAttribute<?>[] file() {
    return of("rw-------");
  }

  /** Returns what a new folder has from its first moment on: mode 700. */
  public static FileAttribute<?>[] folder() {
    return of("rwx------");
  }

  private static FileAttribute<?>[] of(String permissions) {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
