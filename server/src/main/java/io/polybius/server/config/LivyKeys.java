package io.polybius.server.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The settings of Livy that are no settings of the server, and what becomes of them. */
final class LivyKeys {

  private static final String ANY_REST = "*";
  private static final Pattern BLANKS = Pattern.compile("\\s+");

  /** What becomes of a setting. */
  enum Fate {
    /** It is taken for the setting that it is called now. */
    OLD,
    /** It is accepted with a warning. */
    IGNORED,
    /** The server does not start with it. */
    REFUSED
  }

  /**
   * A setting of Livy.
   *
   * @param key its name, in which a final {@code *} stands for any rest
   * @param fate what becomes of it
   * @param details for an old spelling the new one, else the values that need no word, separated by
   *     blanks
   * @param reason why it has no effect, or why it is refused and what to do; empty for an old
   *     spelling
   */
  record LivyKey(String key, Fate fate, String details, String reason) {

    /** Returns whether a value is one that needs no word. */
    boolean needsNoWord(String value) {
      String text = value.strip();
      return text.isEmpty()
          || BLANKS.splitAsStream(details).anyMatch(harmless -> harmless.equalsIgnoreCase(text));
    }

    boolean isFamily() {
      return key.endsWith(ANY_REST);
    }

    private boolean matches(String other) {
      return isFamily()
          ? other.startsWith(key.substring(0, key.length() - ANY_REST.length()))
          : other.equals(key);
    }
  }

  private final List<LivyKey> keys;

  private LivyKeys(List<LivyKey> keys) {
    this.keys = keys;
  }

  /** Reads the table. */
  static LivyKeys read() {
    try (InputStream table = LivyKeys.class.getResourceAsStream("livy-keys.txt")) {
      return new LivyKeys(
          new String(table.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.isBlank() && !line.startsWith("#"))
              .map(LivyKeys::parse)
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LivyKey parse(String line) {
    String[] cells = line.split("\\|", -1);
    return new LivyKey(
        cells[0].strip(),
        Fate.valueOf(cells[1].strip().toUpperCase(Locale.ROOT)),
        cells[2].strip(),
        cells[3].strip());
  }

  /** Returns all, in the order of the table. */
  List<LivyKey> all() {
    return keys;
  }

  /** Returns the one of that name, or else the family that it belongs to. */
  Optional<LivyKey> find(String key) {
    return keys.stream()
        .filter(known -> known.matches(key))
        .min((one, other) -> Boolean.compare(one.isFamily(), other.isFamily()));
  }
}
