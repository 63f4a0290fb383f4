package io.polybius.magic;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The argument of {@code %plot}.
 *
 * @param variable the name to look up
 * @param type of the plot, if the user named one
 * @param x the column along the plot, if named
 * @param y the columns up the plot; empty if not named
 * @param color the column by which to tell colours apart, if named
 * @param title if given
 * @param rows how many rows to take, if given
 */
record PlotArgument(
    String variable,
    Optional<PlotType> type,
    Optional<String> x,
    List<String> y,
    Optional<String> color,
    Optional<String> title,
    OptionalInt rows) {

  /** How the argument is written. */
  static final String USAGE =
      "%plot NAME ["
          + PlotType.words("|")
          + "] [x=COLUMN] [y=COLUMN[,COLUMN...]] [color=COLUMN] [title=\"TEXT\"] [rows=N]";

  private static final Set<String> OPTIONS = Set.of("x", "y", "color", "title", "rows");

  /**
   * Reads the argument of a call without a body.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if it is not written as {@link
   *     #USAGE}
   */
  static PlotArgument of(MagicCall call) throws MagicException {
    call.requireNoBody();
    Scanner scanner = new Scanner(call.argument());
    List<String> words = new ArrayList<>();
    Map<String, List<String>> options = new HashMap<>();
    while (scanner.skipBlanks()) {
      String word = scanner.word();
      if (!scanner.skip('=')) {
        words.add(word);
      } else if (!OPTIONS.contains(word)) {
        throw usage("'" + word + "' is not an option of %plot");
      } else if (options.put(word, scanner.values(word)) != null) {
        throw usage(word + "= is given twice");
      }
    }
    if (words.isEmpty()) {
      throw usage("%plot takes the name of a value");
    }
    Optional<PlotType> type = Optional.empty();
    if (words.size() > 1) {
      type = PlotType.of(words.get(1));
      if (type.isEmpty()) {
        throw usage("'" + words.get(1) + "' is not a type of plot (" + PlotType.words(", ") + ")");
      }
    }
    if (words.size() > 2) {
      throw usage("'" + words.get(2) + "' stands where no word is expected");
    }
    return new PlotArgument(
        words.get(0),
        type,
        single("x", options),
        options.getOrDefault("y", List.of()),
        single("color", options),
        single("title", options),
        rows(single("rows", options)));
  }

  private static Optional<String> single(String option, Map<String, List<String>> options)
      throws MagicException {
    List<String> values = options.getOrDefault(option, List.of());
    if (values.size() > 1) {
      throw usage(option + "= takes one value; one with a comma in it stands in quotes");
    }
    return values.stream().findFirst();
  }

  private static OptionalInt rows(Optional<String> text) throws MagicException {
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    try {
      int rows = Integer.parseInt(text.get());
      if (rows > 0) {
        return OptionalInt.of(rows);
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw usage("'" + text.get() + "' is not a number of rows");
  }

  /** Returns the error for an argument that is not as it should be. */
  static MagicException usage(String problem) {
    return new MagicException(MagicException.USAGE_ERROR, problem + "\n" + USAGE);
  }

  /** Reads along a text. */
  private static final class Scanner {

    private final String text;
    private int position;

    Scanner(String text) {
      this.text = text;
    }

    /** Goes to the next character that is not blank, if there is one. */
    boolean skipBlanks() {
      while (position < text.length() && Character.isWhitespace(text.charAt(position))) {
        position++;
      }
      return position < text.length();
    }

    boolean skip(char expected) {
      if (position < text.length() && text.charAt(position) == expected) {
        position++;
        return true;
      }
      return false;
    }

    /** Reads up to a blank or an equals sign. */
    String word() throws MagicException {
      int start = position;
      while (position < text.length()
          && text.charAt(position) != '='
          && !Character.isWhitespace(text.charAt(position))) {
        position++;
      }
      if (position == start) {
        throw usage("an equals sign stands between an option and its value, without blanks");
      }
      return text.substring(start, position);
    }

    /** Reads values with commas between them. */
    List<String> values(String option) throws MagicException {
      List<String> values = new ArrayList<>();
      do {
        // A blank may follow a comma, but not the equals sign.
        if (!values.isEmpty()) {
          skipBlanks();
        }
        String value = skip('"') ? quoted(option) : plain();
        if (value.isEmpty() && !option.equals("title")) {
          throw usage(option + "= has no value");
        }
        values.add(value);
      } while (skip(','));
      return values;
    }

    private String plain() {
      int start = position;
      while (position < text.length()
          && text.charAt(position) != ','
          && !Character.isWhitespace(text.charAt(position))) {
        position++;
      }
      return text.substring(start, position);
    }

    /** Reads to the closing quote; a backslash takes away the meaning of what follows it. */
    private String quoted(String option) throws MagicException {
      StringBuilder value = new StringBuilder();
      while (position < text.length()) {
        char next = text.charAt(position++);
        if (next == '"') {
          return value.toString();
        }
        if (next == '\\' && position < text.length()) {
          next = text.charAt(position++);
        }
        value.append(next);
      }
      throw usage("the quote after " + option + "= is not closed");
    }
  }
}
