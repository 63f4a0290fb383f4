package io.polybius.session;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The paths of files that users want Spark to read. Those of this machine come out without links,
 * dots and encoded letters, so that Spark reads just the file that was checked.
 */
final class SubmittedPaths {

  private static final String FILE = "file";

  /** {@code local:} is a file that is on every machine, this one among them. */
  private static final Set<String> LOCAL = Set.of(FILE, "local");

  /** File systems in which the files of another one appear. */
  private static final Set<String> WRAPPERS = Set.of("har", "pfile");

  /**
   * A path that needs no encoding in a URI. Some parts of Spark decode and others do not, some
   * expand {@code *} and others do not, and all take lists apart at commas.
   */
  private static final Pattern PLAIN =
      Pattern.compile("/[^\\p{Cc}\\p{Z}%#?,*\\[\\]{}\\\\|^\"<>`]*");

  /** What would take a list apart once something has decoded it. */
  private static final Pattern SEPARATOR = Pattern.compile("[\\p{Cc},]");

  /** A fragment is the name that a file or archive gets where it is used. */
  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_.@+-]+");

  private static final Set<String> DOTS = Set.of(".", "..");

  private final List<Path> folders;
  private final boolean defaultIsLocal;
  private final String defaultPrefix;

  /**
   * @param folders the local folders whose files may be read
   * @param defaultFileSystem the URI of the file system of paths without a scheme
   * @throws IllegalArgumentException if that is no URI with a scheme
   */
  SubmittedPaths(List<Path> folders, String defaultFileSystem) {
    this.folders = List.copyOf(folders);
    URI root = URI.create(defaultFileSystem);
    if (root.getScheme() == null) {
      throw new IllegalArgumentException("a file system's URI needs a scheme");
    }
    String authority = root.getRawAuthority();
    this.defaultIsLocal = LOCAL.contains(schemeOf(root));
    this.defaultPrefix = root.getScheme() + "://" + (authority == null ? "" : authority);
  }

  /** Returns the URI of a file; a path without a scheme is one of the default file system. */
  String resolve(String text) {
    URI uri = parse(text);
    String scheme = schemeOf(uri);
    if (LOCAL.contains(scheme) || (scheme.isEmpty() && defaultIsLocal)) {
      String fragment = uri.getRawFragment() == null ? "" : "#" + uri.getRawFragment();
      return (scheme.isEmpty() ? FILE : scheme) + "://" + local(uri, text) + fragment;
    }
    if (scheme.isEmpty()) {
      absolute(uri, text);
      return defaultPrefix + text;
    }
    return remote(uri, text);
  }

  /** Returns the path of a file of this machine, or the URI of another file. */
  String resolveLocal(String text) {
    URI uri = parse(text);
    String scheme = schemeOf(uri);
    if (!scheme.isEmpty() && !LOCAL.contains(scheme)) {
      return remote(uri, text);
    }
    if (uri.getRawFragment() != null) {
      throw notValid(text);
    }
    String path = local(uri, text);
    return scheme.isEmpty() || scheme.equals(FILE) ? path : scheme + "://" + path;
  }

  private static String remote(URI uri, String text) {
    if (uri.isOpaque()) {
      throw notAbsolute(text);
    }
    if (WRAPPERS.contains(schemeOf(uri))) {
      throw notAllowed(text);
    }
    return text;
  }

  /** Returns a local file's path as it is on disk, if users may read it. */
  private String local(URI uri, String text) {
    String path = absolute(uri, text);
    if (!isOnThisMachine(uri) || uri.getRawQuery() != null || !PLAIN.matcher(path).matches()) {
      throw notAllowed(path);
    }
    try {
      Path real = real(Path.of(path).normalize());
      for (Path folder : folders) {
        if (isIn(real(folder), real) && PLAIN.matcher(real.toString()).matches()) {
          return real.toString();
        }
      }
    } catch (IOException | InvalidPathException e) {
      // What cannot be followed to its end cannot be allowed either.
    }
    throw notAllowed(path);
  }

  /** The folder itself is none of its files: for some parts of Spark, a fragment is of the name. */
  private static boolean isIn(Path folder, Path path) {
    return path.startsWith(folder) && !path.equals(folder);
  }

  /** Returns a path without links; what does not exist of it has none. */
  private static Path real(Path path) throws IOException {
    Path existing = path;
    // A link to nothing exists too: something can be put there later.
    while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
      existing = existing.getParent();
    }
    return existing.toRealPath().resolve(existing.relativize(path));
  }

  private static String absolute(URI uri, String text) {
    String path = uri.getPath();
    // A path that begins with // names a machine for some, and nothing for others.
    boolean ambiguous = uri.getScheme() == null && uri.getRawAuthority() != null;
    if (path == null || !path.startsWith("/") || ambiguous) {
      throw notAbsolute(path == null || ambiguous ? text : path);
    }
    return path;
  }

  private static boolean isOnThisMachine(URI uri) {
    String authority = uri.getRawAuthority();
    return authority == null || authority.equalsIgnoreCase("localhost");
  }

  /**
   * Where Java finds no URI, Spark makes a local path of the text, whatever it begins with; so only
   * what is one for Java goes further.
   */
  private static URI parse(String text) {
    try {
      URI uri = new URI(text);
      if (text.indexOf(',') >= 0 || separates(uri.getPath()) || !isName(uri.getRawFragment())) {
        throw notValid(text);
      }
      return uri;
    } catch (URISyntaxException e) {
      throw notValid(text);
    }
  }

  private static boolean separates(String path) {
    return path != null && SEPARATOR.matcher(path).find();
  }

  private static boolean isName(String fragment) {
    return fragment == null || (NAME.matcher(fragment).matches() && !DOTS.contains(fragment));
  }

  private static String schemeOf(URI uri) {
    return uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
  }

  private static SessionException notAbsolute(String path) {
    return failed("Path '" + printable(path) + "' is not absolute.");
  }

  private static SessionException notAllowed(String path) {
    return failed("Local path " + printable(path) + " cannot be added to user sessions.");
  }

  private static SessionException notValid(String text) {
    return failed("Path '" + printable(text) + "' is not valid.");
  }

  /** Returns an exception with a sentence, in the words of Livy. */
  static SessionException failed(String sentence) {
    return new SessionException(ErrorCode.REJECTED, "requirement failed: " + sentence);
  }

  /** Returns a text without what would not show, or would break the line. */
  static String printable(String text) {
    return text.replaceAll("\\p{Cc}", "?");
  }
}
