package io.polybius.yarn;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Files of this machine in the cluster's file system, each in a folder that is named by its
 * content: what is there is never written again, by no server.
 *
 * <p>All users may read them. They hold no secrets, applications of other users need them where
 * somebody is impersonated, and NodeManagers then keep one copy for everybody.
 */
final class PublishedFiles {

  private static final FsPermission FOLDER = new FsPermission((short) 0755);
  private static final FsPermission FILE = new FsPermission((short) 0644);
  private static final int HASH_CHARACTERS = 16;
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Configuration settings;
  private final Optional<URI> folder;
  private final Map<LocalFile, String> hashes = new ConcurrentHashMap<>();

  /** A file as it was when it was read: with another size or time it has to be read again. */
  private record LocalFile(java.nio.file.Path path, long size, FileTime modified) {

    static LocalFile of(java.nio.file.Path path) throws IOException {
      return new LocalFile(
          path.toAbsolutePath(), Files.size(path), Files.getLastModifiedTime(path));
    }
  }

  PublishedFiles(Configuration settings, Optional<URI> folder) {
    this.settings = new Configuration(settings);
    this.folder = folder;
  }

  String publish(java.nio.file.Path file) throws IOException {
    LocalFile local = LocalFile.of(file);
    String hash = hash(local);
    try (FileSystem files =
        open(folder.filter(chosen -> chosen.getScheme() != null).orElse(defaultFileSystem()))) {
      Path base =
          folder.map(Path::new).orElseGet(() -> new Path(files.getHomeDirectory(), ".polybius"));
      Path place = new Path(base, hash.substring(0, HASH_CHARACTERS));
      Path target = files.makeQualified(new Path(place, file.getFileName().toString()));
      if (!isThere(files, target, local)) {
        bring(files, local, hash, base, target);
      }
      return target.toUri().toString();
    }
  }

  /**
   * Removes the folder where Spark has put what an application of this user needed; that does so
   * itself unless it is killed before it runs. A folder that was chosen for it is not looked for.
   */
  void removeStaging(String applicationId) throws IOException {
    try (FileSystem files = open(defaultFileSystem())) {
      files.delete(
          new Path(new Path(files.getHomeDirectory(), ".sparkStaging"), applicationId), true);
    }
  }

  /** Many may need a new file at the same time, but one brings it. */
  private synchronized void bring(
      FileSystem files, LocalFile local, String hash, Path base, Path target) throws IOException {
    if (!isThere(files, target, local)) {
      makeFolder(files, base);
      makeFolder(files, target.getParent());
      upload(files, local, hash, target);
    }
  }

  /** Opens a file system of its own: those that Hadoop shares are closed by nobody. */
  private FileSystem open(URI uri) throws IOException {
    Configuration own = new Configuration(settings);
    own.setBoolean("fs." + uri.getScheme() + ".impl.disable.cache", true);
    FileSystem files = FileSystem.get(uri, own);
    // Else the local one would write a second file beside each.
    files.setWriteChecksum(false);
    return files;
  }

  private URI defaultFileSystem() {
    return FileSystem.getDefaultUri(settings);
  }

  private static boolean isThere(FileSystem files, Path target, LocalFile local)
      throws IOException {
    try {
      FileStatus found = files.getFileStatus(target);
      return found.isFile() && found.getLen() == local.size();
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  private static void makeFolder(FileSystem files, Path path) throws IOException {
    if (!files.exists(path)) {
      files.mkdirs(path);
      // What is given to mkdirs is cut by the user's mask.
      files.setPermission(path, FOLDER);
    }
  }

  /** Writes under another name first, so that nobody ever finds half of the file. */
  private void upload(FileSystem files, LocalFile local, String hash, Path target)
      throws IOException {
    Path temporary = new Path(target.getParent(), "." + UUID.randomUUID() + ".part");
    try {
      MessageDigest digest = sha256();
      try (InputStream in = new DigestInputStream(Files.newInputStream(local.path()), digest);
          OutputStream out = files.create(temporary, false)) {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
          out.write(buffer, 0, length);
        }
      }
      if (!hex(digest).equals(hash)) {
        hashes.remove(local);
        throw new IOException(local.path() + " changed while it was read.");
      }
      files.setPermission(temporary, FILE);
      if (files.exists(target) && !isThere(files, target, local)) {
        // Somebody has damaged it, and nothing can be renamed to what exists.
        files.delete(target, false);
      }
      // It fails where another server was faster.
      if (!rename(files, temporary, target) && !isThere(files, target, local)) {
        throw new IOException("%s cannot be renamed to %s.".formatted(temporary, target));
      }
    } finally {
      files.delete(temporary, false);
    }
  }

  private static boolean rename(FileSystem files, Path from, Path to) throws IOException {
    try {
      return files.rename(from, to);
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  private String hash(LocalFile file) throws IOException {
    String known = hashes.get(file);
    if (known != null) {
      return known;
    }
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file.path()), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    String hash = hex(digest);
    hashes.put(file, hash);
    return hash;
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256.", e);
    }
  }
}
