package io.polybius.magic;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A table as lines of text, the way Spark's show() draws it. Characters that would break a line,
 * move the cursor or turn the direction of writing are shown as escapes.
 */
final class TextForm {

  private static final int NARROWEST = 3;

  private TextForm() {}

  /**
   * Returns the table, without a line feed at the end.
   *
   * @param grid what to show
   * @param maxRows how many rows to show
   * @param maxCellChars how much of a cell to show
   * @param maxBytes how long the text may be in UTF-8 bytes; rows beyond are left out
   */
  static String table(Grid grid, int maxRows, int maxCellChars, long maxBytes) {
    int columns = grid.headings().size();
    List<List<String>> lines = new ArrayList<>();
    lines.add(
        grid.headings().stream()
            .map(heading -> escape(CellText.cut(heading.name(), maxCellChars)))
            .toList());
    int candidates = Math.min(maxRows, grid.rows().size());
    for (List<PlainValue> row : grid.rows().subList(0, candidates)) {
      List<String> line = new ArrayList<>(columns);
      for (PlainValue cell : row) {
        line.add(cell == null ? "" : escape(CellText.of(cell, maxCellChars)));
      }
      lines.add(line);
    }
    int[] widths = widths(lines, columns);
    String border = border(widths);

    StringBuilder text = new StringBuilder(border).append('\n');
    text.append(line(lines.get(0), widths)).append('\n').append(border).append('\n');
    long room = maxBytes - Characters.utf8Bytes(text) - border.length() - 100;
    if (room < 0) {
      return tooWide(grid);
    }
    int shown = 0;
    for (List<String> row : lines.subList(1, lines.size())) {
      String line = line(row, widths);
      room -= Characters.utf8Bytes(line) + 1;
      if (room < 0) {
        break;
      }
      text.append(line).append('\n');
      shown++;
    }
    text.append(border);
    if (shown < grid.rows().size() || grid.extent().truncated()) {
      String count = Counts.of(shown, grid.rows().size(), grid.extent(), "row");
      text.append("\nonly showing ").append(count);
    }
    return text.toString();
  }

  /** Returns what to say in place of a table with too many columns. */
  static String tooWide(Grid grid) {
    return String.format(
        Locale.ROOT, "A table of %,d columns is too wide to be shown.", grid.headings().size());
  }

  private static int[] widths(List<List<String>> lines, int columns) {
    int[] widths = new int[columns];
    for (int column = 0; column < columns; column++) {
      widths[column] = NARROWEST;
      for (List<String> line : lines) {
        widths[column] = Math.max(widths[column], Characters.columns(line.get(column)));
      }
    }
    return widths;
  }

  private static String border(int[] widths) {
    StringBuilder border = new StringBuilder("+");
    for (int width : widths) {
      border.append("-".repeat(width)).append('+');
    }
    return widths.length == 0 ? "++" : border.toString();
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder("|");
    for (int column = 0; column < widths.length; column++) {
      String cell = cells.get(column);
      line.append(" ".repeat(widths[column] - Characters.columns(cell))).append(cell).append('|');
    }
    return widths.length == 0 ? "||" : line.toString();
  }

  /** Returns the text in one line without anything that a terminal obeys. */
  static String escape(String text) {
    String wellFormed = Characters.wellFormed(text);
    StringBuilder escaped = new StringBuilder(wellFormed.length());
    for (int i = 0; i < wellFormed.length(); i++) {
      char character = wellFormed.charAt(i);
      switch (character) {
        case '\n' -> escaped.append("\\n");
        case '\r' -> escaped.append("\\r");
        case '\t' -> escaped.append("\\t");
        case '\b' -> escaped.append("\\b");
        case '\f' -> escaped.append("\\f");
        default -> {
          if (mustNotReachTerminal(character)) {
            escaped.append(String.format("\\u%04X", (int) character));
          } else {
            escaped.append(character);
          }
        }
      }
    }
    return escaped.toString();
  }

  private static boolean mustNotReachTerminal(char character) {
    return Character.isISOControl(character)
        || character == '\u2028'
        || character == '\u2029'
        || (character >= '\u202A' && character <= '\u202E')
        || (character >= '\u2066' && character <= '\u2069');
  }
}
