package io.polybius.magic;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** A JSON array in UTF-8 with the objects that {@code %json} makes of rows, one in each line. */
final class JsonRowsWriter implements TableWriter {

  private final JsonGenerator json;
  private final List<String> keys;

  JsonRowsWriter(OutputStream bytes, List<Column> columns) throws IOException {
    json = JsonForm.generator(bytes);
    // To the generator each row is a value by itself.
    json.setPrettyPrinter(new MinimalPrettyPrinter(",\n"));
    keys = Column.keys(columns);
    json.writeRaw('[');
  }

  @Override
  public void row(List<PlainValue> cells) throws IOException {
    JsonForm.writeObject(json, keys, cells);
  }

  @Override
  public void end() throws IOException {
    json.writeRaw("]\n");
    json.flush();
  }
}
