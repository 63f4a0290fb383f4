package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.Locale;

/** {@code %time}: how long code takes. */
final class TimeMagic implements Magic {

  @Override
  public String name() {
    return "time";
  }

  @Override
  public String help() {
    return """
        Runs code of the statement's language, and prints how long that has taken.
        %time CODE
        %%time, and the code below""";
  }

  @Override
  public boolean yieldsToLanguage() {
    return true;
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    MagicSession session = context.session();
    String code = call.code();
    long begin = System.nanoTime();
    try {
      session.execute(session.language(), code);
    } finally {
      session.print("Wall time: " + text(System.nanoTime() - begin) + "\n");
    }
    return MimeBundle.NOTHING;
  }

  /** Returns a time with three digits that matter. */
  static String text(long nanos) {
    double millis = nanos / 1e6;
    if (millis < 1) {
      return String.format(Locale.ROOT, "%.0f us", millis * 1000);
    } else if (millis < 1000) {
      return String.format(Locale.ROOT, millis < 10 ? "%.2f ms" : "%.0f ms", millis);
    } else if (millis < 60_000) {
      return String.format(Locale.ROOT, "%.2f s", millis / 1000);
    }
    long seconds = Math.round(millis / 1000);
    return seconds < 3600
        ? String.format(Locale.ROOT, "%d min %d s", seconds / 60, seconds % 60)
        : String.format(Locale.ROOT, "%d h %d min", seconds / 3600, seconds % 3600 / 60);
  }
}
