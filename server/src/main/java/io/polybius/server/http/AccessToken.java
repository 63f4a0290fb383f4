package io.polybius.server.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.Set;

/** The secret that lets clients in. It shows itself to nobody. */
public final class AccessToken {

  private static final int SHORTEST = 16;

  private static final Set<PosixFilePermission> OWNER =
      EnumSet.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private final byte[] bytes;

  private AccessToken(String text) {
    this.bytes = text.getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Reads a token.
   *
   * @param file has it on its only line
   * @throws IOException if the file cannot be read, others than its owner may read it, or it holds
   *     no usable token; the message is a sentence for the operator
   */
  public static AccessToken read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("The token file " + file + " does not exist.");
    }
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
      if (!OWNER.containsAll(permissions)) {
        throw new IOException(
            "Others may read the token file %s (its mode is %s); run: chmod 600 %s"
                .formatted(file, PosixFilePermissions.toString(permissions), file));
      }
    }
    String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    if (text.length() < SHORTEST || text.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IOException(
          "The token file %s must hold one token of at least %d printable ASCII characters."
              .formatted(file, SHORTEST));
    }
    return new AccessToken(text);
  }

  /** Tells whether somebody knows the token; the time it takes does not show how nearly. */
  boolean isKnownAs(String text) {
    return MessageDigest.isEqual(bytes, text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return "AccessToken[]";
  }
}
