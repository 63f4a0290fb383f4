package io.polybius.magic;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Comma-separated values in UTF-8, as RFC 4180 has them. Null is nothing between two commas, and an
 * empty text is {@code ""}, so that they can be told apart.
 */
final class CsvWriter implements TableWriter {

  private static final String LINE_END = "\r\n";

  private final Writer out;

  CsvWriter(OutputStream bytes, List<Column> columns) throws IOException {
    out = new OutputStreamWriter(bytes, StandardCharsets.UTF_8);
    for (int i = 0; i < columns.size(); i++) {
      out.write(i == 0 ? "" : ",");
      write(Characters.wellFormed(columns.get(i).name()));
    }
    out.write(LINE_END);
  }

  @Override
  public void row(List<PlainValue> cells) throws IOException {
    for (int i = 0; i < cells.size(); i++) {
      out.write(i == 0 ? "" : ",");
      PlainValue cell = cells.get(i);
      if (!(cell instanceof PlainValue.Null)) {
        write(TableWriter.text(cell));
      } else if (cells.size() == 1) {
        // Readers skip an empty line, and a row would be lost.
        out.write("\"\"");
      }
    }
    out.write(LINE_END);
  }

  private void write(String text) throws IOException {
    if (mustBeQuoted(text)) {
      out.write('"');
      out.write(text.replace("\"", "\"\""));
      out.write('"');
    } else {
      out.write(text);
    }
  }

  private static boolean mustBeQuoted(String text) {
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (character == '"' || character == ',' || character == '\n' || character == '\r') {
        return true;
      }
    }
    return text.isEmpty();
  }

  @Override
  public void end() throws IOException {
    out.flush();
  }
}
