package io.polybius.magic;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.polybius.magic.PlainValue.Table;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/**
 * The result of a SQL statement as JSON, as clients of Livy know it: {@code {"schema": {"type":
 * "struct", "fields": [{"name", "type", "nullable", "metadata"}]}, "data": [[...]]}}. A statement
 * without a result has no fields and no rows.
 */
public final class SqlForm {

  private static final JsonFactory FACTORY = new JsonFactory();

  private SqlForm() {}

  /**
   * Returns a table in this form; rows that do not fit are left out.
   *
   * @param maxBytes how long the rows may be in UTF-8 bytes
   * @throws MagicException {@link MagicException#VALUE_ERROR} if not even one row fits
   */
  public static String of(Table table, long maxBytes) throws MagicException {
    JsonForm.Array rows =
        JsonForm.array(
            table.rows().size(),
            (json, index) -> {
              json.writeStartArray();
              for (PlainValue value : table.rows().get(index)) {
                JsonForm.write(json, value, JsonForm.Rows.OBJECTS);
              }
              json.writeEndArray();
            },
            maxBytes,
            true);
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartObject();
      json.writeFieldName("schema");
      json.writeStartObject();
      json.writeStringField("type", "struct");
      json.writeArrayFieldStart("fields");
      for (Column column : table.columns()) {
        JsonForm.writeField(json, column, "type");
      }
      json.writeEndArray();
      json.writeEndObject();
      json.writeFieldName("data");
      json.writeRawValue(rows.text());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return text.toString();
  }
}
