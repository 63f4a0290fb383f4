package io.polybius.kernel.relay;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What proves to the server who the user is. It comes from the environment or from a file, never
 * from the command line, which everybody on the machine can read.
 */
public final class ServerToken {

  /** The variable that holds the token itself. */
  static final String VARIABLE = "POLYBIUS_TOKEN";

  /** The variable that names a file with the token in it. */
  static final String FILE_VARIABLE = "POLYBIUS_TOKEN_FILE";

  /** Tells a user how a server gets to see the token that it asks for. */
  public static final String ADVICE =
      "Put the server's token into the environment variable "
          + VARIABLE
          + ", or into a file of mode 600 that "
          + FILE_VARIABLE
          + " names.";

  private static final Set<PosixFilePermission> OF_OTHERS =
      Set.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private final Optional<String> token;

  private ServerToken(Optional<String> token) {
    this.token = token;
  }

  /**
   * Reads the token of this user, if there is one.
   *
   * @throws IOException if the file cannot be read, or can be read by others; the message is for
   *     the user
   */
  public static ServerToken of(Map<String, String> environment) throws IOException {
    String direct = environment.getOrDefault(VARIABLE, "");
    String file = environment.getOrDefault(FILE_VARIABLE, "");
    if (!direct.isEmpty()) {
      return new ServerToken(Optional.of(direct));
    }
    if (file.isEmpty()) {
      return new ServerToken(Optional.empty());
    }
    return new ServerToken(Optional.of(read(Path.of(file))));
  }

  private static String read(Path file) throws IOException {
    try {
      boolean posix = Files.getFileStore(file).supportsFileAttributeView("posix");
      if (posix && Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains)) {
        throw new IOException(
            "The token in " + file + " can be read by others; run: chmod 600 " + file);
      }
      return Files.readString(file).strip();
    } catch (NoSuchFileException e) {
      throw new IOException("There is no token in " + file + ": the file does not exist.", e);
    } catch (FileSystemException | CharacterCodingException e) {
      throw new IOException("The token cannot be read from " + file + ".", e);
    }
  }

  /** Returns the header that says it, if there is something to say. */
  public Optional<String> authorization() {
    return token.map(text -> "token " + text);
  }

  /** Says whether there is a token, and nothing about it. */
  @Override
  public String toString() {
    return "ServerToken[" + (token.isPresent() ? "given" : "none") + "]";
  }
}
