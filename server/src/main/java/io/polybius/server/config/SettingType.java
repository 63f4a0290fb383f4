package io.polybius.server.config;

import io.polybius.session.Kind;
import io.polybius.session.TimeText;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the text of a setting may be, and what it means.
 *
 * @param <T> what the server makes of it
 * @param description what is expected, to follow the words "expected" and "a setting of"
 * @param reader turns a text without surrounding blanks into the value; throws {@link
 *     IllegalArgumentException} when it cannot
 */
record SettingType<T>(String description, Function<String, T> reader) {

  /** The word for having none of what a setting would name a place for. */
  static final String OFF = "off";

  /** Any text but the empty one. */
  static final SettingType<String> TEXT =
      new SettingType<>("a text that is not empty", SettingType::readText);

  /** A host name or address of this machine. */
  static final SettingType<InetAddress> ADDRESS =
      new SettingType<>("a host name or IP address", SettingType::readAddress);

  /** A TCP port, 0 for any free one. */
  static final SettingType<Integer> PORT =
      new SettingType<>("a number from 0 to 65535", text -> readNumber(text, 0, 65535));

  /** How many of something are kept. */
  static final SettingType<Integer> COUNT =
      new SettingType<>("a whole number from 1 up", text -> readNumber(text, 1, Integer.MAX_VALUE));

  /** How many of something are kept, 0 for all. */
  static final SettingType<Integer> COUNT_OR_ALL =
      new SettingType<>("a whole number from 0 up", text -> readNumber(text, 0, Integer.MAX_VALUE));

  /** How many of something are there at most, possibly none. */
  static final SettingType<Integer> FEW =
      new SettingType<>("a whole number from 0 to 100", text -> readNumber(text, 0, 100));

  /** The size of something that has to have some room, and is held in memory. */
  static final SettingType<Integer> BYTES =
      new SettingType<>(
          "a number of bytes from 1024 to 16777216", text -> readNumber(text, 1 << 10, 1 << 24));

  /** The size of a file. */
  static final SettingType<Long> FILE_SIZE =
      new SettingType<>("a number of bytes from 1 up", SettingType::readFileSize);

  /** A size of memory as Spark writes it. */
  static final SettingType<String> MEMORY =
      new SettingType<>(
          "a size such as 512m or 4g", text -> readMatching(text, "(?i)[1-9]\\d*([kmgtp]b?|b)?"));

  /** Where drivers run, in Spark's words. */
  static final SettingType<String> DEPLOY_MODE =
      new SettingType<>("client or cluster", text -> readOneOf(text, List.of("client", "cluster")));

  /** Some languages. */
  static final SettingType<List<Kind>> KINDS =
      new SettingType<>(
          "a list of spark, pyspark, sparkr, sql or jupyter:NAME with commas between",
          SettingType::readKinds);

  /** The name of a launch profile, or the empty text for none. */
  static final SettingType<Optional<String>> PROFILE =
      new SettingType<>(
          "the name of a launch profile",
          text -> text.isEmpty() ? Optional.empty() : Optional.of(text));

  /** Host names or addresses that others know, possibly none. */
  static final SettingType<List<String>> HOSTS =
      new SettingType<>(
          "a list of host names or IP addresses with commas between", SettingType::readHosts);

  /** Some ports, or the empty text for any. */
  static final SettingType<Optional<PortRange>> PORTS =
      new SettingType<>("a range such as 10000~10010", SettingType::readPorts);

  /** A URI with a scheme, or the empty text for none. */
  static final SettingType<Optional<URI>> OPTIONAL_URI =
      new SettingType<>("a URI such as hdfs://nn:8020/apps", SettingType::readUri);

  /** Yes or no. */
  static final SettingType<Boolean> SWITCH =
      new SettingType<>("true or false", SettingType::readSwitch);

  /** A span of time that is not zero. */
  static final SettingType<Duration> TIME =
      new SettingType<>(
          "a time such as 500ms, 30s, 10m, 2h or 1d (a bare number is milliseconds)",
          SettingType::readTime);

  /** A span of time, or none at all. */
  static final SettingType<Duration> TIME_OR_NEVER =
      new SettingType<>(
          "a time such as 500ms, 30s, 10m, 2h or 1d, or 0 for never",
          text -> text.equals("0") ? Duration.ZERO : readTime(text));

  /** A file or folder, or the empty text for none. */
  static final SettingType<Optional<Path>> OPTIONAL_PATH =
      new SettingType<>("a path", SettingType::readPath);

  /** A folder, the empty text for the usual one, or {@link #OFF} for none. */
  static final SettingType<String> FOLDER_OR_OFF =
      new SettingType<>("a path, or off", SettingType::readFolderOrOff);

  /** A folder, also as a URL, or the empty text for the usual one. */
  static final SettingType<Optional<Path>> FOLDER_URL =
      new SettingType<>("a path, or a URL of a local folder", SettingType::readFolderUrl);

  /** Whether sessions outlive the server, in Livy's words. */
  static final SettingType<Boolean> RECOVERY_MODE =
      new SettingType<>("off or recovery", SettingType::readRecoveryMode);

  /** Where sessions are kept, or the empty text for the only such place. */
  static final SettingType<String> STATE_STORE =
      new SettingType<>(
          "filesystem (zookeeper is not supported)",
          text -> readOneOf(text, List.of("", "filesystem")));

  /** Some texts, possibly none. */
  static final SettingType<List<String>> LIST =
      new SettingType<>("a list with commas between", SettingType::readList);

  /** Some names in which capitals do not count, possibly none. */
  static final SettingType<List<String>> NAMES =
      new SettingType<>(
          "a list with commas between", text -> readList(text.toLowerCase(Locale.ROOT)));

  /** Some folders, possibly none. */
  static final SettingType<List<Path>> FOLDERS =
      new SettingType<>("a list of folders with commas between", SettingType::readFolders);

  /** Folders with names, possibly none. */
  static final SettingType<Map<String, Path>> NAMED_FOLDERS =
      new SettingType<>("a list of NAME=FOLDER with commas between", SettingType::readNamedFolders);

  /** The value of an HTTP header, or the empty text for no such header. */
  static final SettingType<String> HEADER =
      new SettingType<>("one line of text, or nothing", SettingType::readHeader);

  private static final Pattern NAMED_FOLDER = Pattern.compile("([\\w.-]+)=(.+)");

  private static final Pattern BETWEEN = Pattern.compile("[,\\s]+");

  /** Something, or the empty text for none. */
  static <T> SettingType<Optional<T>> optional(SettingType<T> type) {
    return new SettingType<>(
        type.description(),
        text -> text.isEmpty() ? Optional.empty() : Optional.of(type.parse(text)));
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException if the text is none of this type
   */
  T parse(String text) {
    return reader.apply(text.strip());
  }

  private static String readText(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("empty");
    }
    return text;
  }

  private static InetAddress readAddress(String text) {
    try {
      // The resolver takes the empty name for the loopback address.
      return InetAddress.getByName(readText(text));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("unknown host", e);
    }
  }

  private static int readNumber(String text, int smallest, int largest) {
    int number = Integer.parseInt(text);
    if (number < smallest || number > largest) {
      throw new IllegalArgumentException("out of range");
    }
    return number;
  }

  private static String readMatching(String text, String pattern) {
    if (!text.matches(pattern)) {
      throw new IllegalArgumentException("not of that form");
    }
    return text;
  }

  private static List<Kind> readKinds(String text) {
    List<Kind> kinds =
        readList(text).stream()
            .map(
                name ->
                    Kind.find(name)
                        .filter(kind -> !kind.equals(Kind.SHARED))
                        .orElseThrow(() -> new IllegalArgumentException("no language")))
            .distinct()
            .toList();
    if (kinds.isEmpty()) {
      throw new IllegalArgumentException("none at all");
    }
    return kinds;
  }

  private static List<String> readHosts(String text) {
    List<String> hosts = readList(text);
    // Not resolved: they are names for other machines.
    hosts.forEach(host -> readMatching(host, "[\\w.-]+|[0-9A-Fa-f:.]+(%\\w+)?"));
    return hosts;
  }

  private static Optional<PortRange> readPorts(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    String[] ends = readMatching(text, "\\d+\\s*~\\s*\\d+").split("\\s*~\\s*", -1);
    return Optional.of(new PortRange(readNumber(ends[0], 1, 65535), readNumber(ends[1], 1, 65535)));
  }

  private static Optional<URI> readUri(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    URI uri = URI.create(text);
    if (uri.getScheme() == null || uri.isOpaque()) {
      throw new IllegalArgumentException("no scheme, or no path");
    }
    return Optional.of(uri);
  }

  private static boolean readSwitch(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither true nor false");
    };
  }

  private static Duration readTime(String text) {
    Duration time = TimeText.parse(text);
    if (time.isZero() || time.isNegative()) {
      throw new IllegalArgumentException("no time at all");
    }
    return time;
  }

  private static Path readFolder(String text) {
    try {
      return Path.of(text).toAbsolutePath();
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("no path", e);
    }
  }

  private static long readFileSize(String text) {
    long size = Long.parseLong(text);
    // The form around the file has to fit in too.
    if (size < 1 || size > Long.MAX_VALUE / 2) {
      throw new IllegalArgumentException("out of range");
    }
    return size;
  }

  private static Optional<Path> readFolderUrl(String text) {
    if (text.startsWith("file:")) {
      return Optional.of(Path.of(URI.create(text)).toAbsolutePath());
    }
    if (text.contains("://")) {
      throw new IllegalArgumentException("not on this machine");
    }
    return readPath(text);
  }

  private static boolean readRecoveryMode(String text) {
    return readOneOf(text, List.of("off", "recovery")).equals("recovery");
  }

  private static String readOneOf(String text, List<String> known) {
    String word = text.toLowerCase(Locale.ROOT);
    if (!known.contains(word)) {
      throw new IllegalArgumentException("none of them");
    }
    return word;
  }

  private static Optional<Path> readPath(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(readFolder(text));
  }

  private static String readFolderOrOff(String text) {
    return text.isEmpty() || text.equals(OFF) ? text : readFolder(text).toString();
  }

  private static List<String> readList(String text) {
    return BETWEEN.splitAsStream(text).filter(element -> !element.isEmpty()).toList();
  }

  private static List<Path> readFolders(String text) {
    return readList(text).stream().map(SettingType::readFolder).toList();
  }

  private static Map<String, Path> readNamedFolders(String text) {
    Map<String, Path> folders = new TreeMap<>();
    for (String element : readList(text)) {
      Matcher named = NAMED_FOLDER.matcher(element);
      if (!named.matches() || folders.put(named.group(1), readFolder(named.group(2))) != null) {
        throw new IllegalArgumentException("no name, or the same one twice");
      }
    }
    return folders;
  }

  private static String readHeader(String text) {
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("more than a line");
    }
    return text;
  }
}
