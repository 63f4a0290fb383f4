package io.polybius.rest;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as Livy's clients write them: {@code 90s}, {@code 10m}, or milliseconds without a unit. */
final class TimeText {

  private static final Pattern TIME = Pattern.compile("(-?[0-9]{1,18})([a-z]+)?");
  private static final Set<String> UNITS = Set.of("us", "ms", "s", "m", "min", "h", "d");

  private TimeText() {}

  /** Returns the text if it is a time, or throws what is wrong with it. */
  static String check(String text) {
    Matcher matcher = TIME.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw RejectedRequestException.bad("Rejected, Reason: Invalid time string: " + text);
    }
    String unit = matcher.group(2);
    if (unit != null && !UNITS.contains(unit)) {
      throw RejectedRequestException.bad("Rejected, Reason: Invalid suffix: \"" + unit + "\"");
    }
    return text;
  }
}
