package io.polybius.session;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as Livy writes them: {@code 90s}, {@code 10m}, or milliseconds without a unit. */
public final class TimeText {

  private static final Pattern TIME = Pattern.compile("(-?[0-9]{1,15})([a-z]+)?");

  private static final Map<String, ChronoUnit> UNITS =
      Map.of(
          "us", ChronoUnit.MICROS,
          "ms", ChronoUnit.MILLIS,
          "s", ChronoUnit.SECONDS,
          "m", ChronoUnit.MINUTES,
          "min", ChronoUnit.MINUTES,
          "h", ChronoUnit.HOURS,
          "d", ChronoUnit.DAYS);

  /** Timers count in milliseconds. */
  private static final Duration LONGEST = Duration.ofMillis(Long.MAX_VALUE);

  private TimeText() {}

  /**
   * Returns the time that a text says.
   *
   * @throws IllegalArgumentException if it says none; the message is Livy's
   */
  public static Duration parse(String text) {
    Matcher matcher = TIME.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException("Invalid time string: " + text);
    }
    String unit = matcher.group(2) == null ? "ms" : matcher.group(2);
    if (!UNITS.containsKey(unit)) {
      throw new IllegalArgumentException("Invalid suffix: \"" + unit + "\"");
    }
    try {
      Duration time = Duration.of(Long.parseLong(matcher.group(1)), UNITS.get(unit));
      if (time.abs().compareTo(LONGEST) <= 0) {
        return time;
      }
      throw new IllegalArgumentException("Invalid time string: " + text);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("Invalid time string: " + text, e);
    }
  }
}
