package io.polybius.server.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
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

  /** How many of something are there at most, possibly none. */
  static final SettingType<Integer> FEW =
      new SettingType<>("a whole number from 0 to 100", text -> readNumber(text, 0, 100));

  /** Yes or no. */
  static final SettingType<Boolean> SWITCH =
      new SettingType<>("true or false", SettingType::readSwitch);

  /** A span of time that is not zero. */
  static final SettingType<Duration> TIME =
      new SettingType<>(
          "a time such as 500ms, 30s, 10m, 2h or 1d (a bare number is milliseconds)",
          SettingType::readTime);

  /** A file or folder, or the empty text for none. */
  static final SettingType<Optional<Path>> OPTIONAL_PATH =
      new SettingType<>("a path", SettingType::readPath);

  private static final Pattern TIME_PATTERN = Pattern.compile("(\\d{1,15})\\s*([a-z]*)");

  private static final Map<String, ChronoUnit> TIME_UNITS =
      Map.of(
          "", ChronoUnit.MILLIS,
          "us", ChronoUnit.MICROS,
          "ms", ChronoUnit.MILLIS,
          "s", ChronoUnit.SECONDS,
          "m", ChronoUnit.MINUTES,
          "min", ChronoUnit.MINUTES,
          "h", ChronoUnit.HOURS,
          "d", ChronoUnit.DAYS);

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

  private static boolean readSwitch(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("neither true nor false");
    };
  }

  private static Duration readTime(String text) {
    Matcher matcher = TIME_PATTERN.matcher(text);
    ChronoUnit unit = matcher.matches() ? TIME_UNITS.get(matcher.group(2)) : null;
    if (unit == null) {
      throw new IllegalArgumentException("no time");
    }
    Duration time = Duration.of(Long.parseLong(matcher.group(1)), unit);
    if (time.isZero()) {
      throw new IllegalArgumentException("zero");
    }
    return time;
  }

  private static Optional<Path> readPath(String text) {
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Path.of(text).toAbsolutePath());
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("no path", e);
    }
  }
}
