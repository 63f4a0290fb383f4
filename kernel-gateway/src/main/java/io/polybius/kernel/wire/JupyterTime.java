package io.polybius.kernel.wire;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Times as Jupyter writes them. Its clients parse them with a fixed pattern: an instant with
 * another number of fraction digits than one to six, or with an offset other than {@code Z}, is
 * refused.
 */
public final class JupyterTime {

  private static final DateTimeFormatter SIX_DIGITS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private JupyterTime() {}

  /** Returns the instant in UTC with exactly six fraction digits. */
  public static String format(Instant instant) {
    return SIX_DIGITS.format(instant);
  }
}
