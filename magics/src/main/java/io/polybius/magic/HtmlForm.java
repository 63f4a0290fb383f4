package io.polybius.magic;

import java.util.List;

/**
 * A table as HTML that is also well-formed XML: no script, no style, everything that came from data
 * escaped.
 */
final class HtmlForm {

  private HtmlForm() {}

  /**
   * Returns the table.
   *
   * @param grid what to show
   * @param maxRows how many rows to show
   * @param maxCellChars how much of a cell to show
   * @param maxBytes how long the text may be in UTF-8 bytes; rows beyond are left out
   */
  static String table(Grid grid, int maxRows, int maxCellChars, long maxBytes) {
    StringBuilder head = new StringBuilder("<thead>\n<tr>");
    for (Grid.Heading heading : grid.headings()) {
      head.append("<th>")
          .append(escape(CellText.cut(heading.name(), maxCellChars)))
          .append("</th>");
    }
    head.append("</tr>\n</thead>\n");
    String schema = schema(grid.schema());
    // For what stands around the rows.
    long room = maxBytes - Characters.utf8Bytes(head) - Characters.utf8Bytes(schema) - 200;
    if (room < 0) {
      return "<p>" + escape(TextForm.tooWide(grid)) + "</p>";
    }
    StringBuilder body = new StringBuilder("<tbody>\n");
    int shown = 0;
    for (List<PlainValue> row : grid.rows()) {
      String line = row(row, maxCellChars);
      room -= Characters.utf8Bytes(line);
      if (shown == maxRows || room < 0) {
        break;
      }
      body.append(line);
      shown++;
    }
    body.append("</tbody>\n");
    StringBuilder table = new StringBuilder("<table class=\"dataframe\" border=\"1\">\n");
    if (shown < grid.rows().size() || grid.extent().truncated()) {
      String count = Counts.of(shown, grid.rows().size(), grid.extent(), "row");
      table.append("<caption>").append(count).append("</caption>\n");
    }
    table.append(head).append(body).append("</table>");
    return schema.isEmpty() ? table.toString() : "<div>\n" + table + "\n" + schema + "</div>";
  }

  /** Returns the schema, folded away, or nothing if there is none. */
  private static String schema(List<Column> columns) {
    if (columns.isEmpty()) {
      return "";
    }
    StringBuilder schema = new StringBuilder("<details>\n<summary>schema</summary>\n<pre>");
    for (Column column : columns) {
      schema.append(escape(TextForm.escape(column.name()) + ": " + column.shortType()));
      schema.append(column.nullable() ? " (nullable)\n" : "\n");
    }
    return schema.append("</pre>\n</details>\n").toString();
  }

  private static String row(List<PlainValue> cells, int maxCellChars) {
    StringBuilder line = new StringBuilder("<tr>");
    for (PlainValue cell : cells) {
      line.append("<td>")
          .append(cell == null ? "" : escape(CellText.of(cell, maxCellChars)))
          .append("</td>");
    }
    return line.append("</tr>\n").toString();
  }

  /** Returns the text as it can stand in an element or in a quoted attribute. */
  static String escape(String text) {
    String wellFormed = Characters.wellFormed(text);
    StringBuilder escaped = new StringBuilder(wellFormed.length() + 16);
    for (int i = 0; i < wellFormed.length(); i++) {
      char character = wellFormed.charAt(i);
      switch (character) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        case '\n', '\t' -> escaped.append(character);
        default ->
            escaped.append(
                Character.isISOControl(character) || character >= '\uFFFE'
                    ? Characters.REPLACEMENT
                    : character);
      }
    }
    return escaped.toString();
  }
}
