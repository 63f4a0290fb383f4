package io.polybius.magic;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The form of a table that Livy's clients know: {@code {"headers": [...], "data": [[...]]}}. */
final class LivyTableForm {

  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT);
  private static final DateTimeFormatter MICROSECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);

  private LivyTableForm() {}

  /**
   * The form, and what of the table is in it.
   *
   * @param text a JSON object
   * @param shown the table, perhaps with fewer rows
   */
  record Encoded(String text, Grid shown) {}

  /**
   * Returns the form. Rows that lack a column are shorter than the others, as they are in Livy.
   *
   * @param grid the table
   * @param rules of the language that it comes from
   * @param maxBytes how long the text may be; rows beyond are left out if the table may be cut
   * @throws MagicException {@link MagicException#VALUE_ERROR} if there is too much
   */
  static Encoded of(Grid grid, TableRules rules, long maxBytes) throws MagicException {
    String headers =
        JsonForm.array(
                grid.headings().size(),
                (json, index) -> {
                  Grid.Heading heading = grid.headings().get(index);
                  json.writeStartObject();
                  json.writeStringField("name", Characters.wellFormed(heading.name()));
                  json.writeStringField("type", heading.type().name());
                  json.writeEndObject();
                },
                maxBytes,
                false)
            .text();
    // The schema of a DataFrame says what its cells are, whatever the language.
    boolean asTexts = rules.sendsTexts() && grid.schema().isEmpty();
    String beforeData = "{\"headers\":" + headers + ",\"data\":";
    JsonForm.Array data =
        JsonForm.array(
            grid.rows().size(),
            (json, index) -> {
              json.writeStartArray();
              for (PlainValue cell : grid.rows().get(index)) {
                if (cell != null) {
                  JsonForm.write(json, asTexts ? texts(cell) : cell, JsonForm.Rows.OBJECTS);
                }
              }
              json.writeEndArray();
            },
            maxBytes - Characters.utf8Bytes(beforeData) - 1,
            grid.mayBeCut());
    return new Encoded(beforeData + data.text() + "}", grid.first(data.count()));
  }

  /** Returns a value with texts in place of what Python's {@code str()} is sent of. */
  private static PlainValue texts(PlainValue value) {
    if (value instanceof PlainValue.Decimal decimal) {
      return PlainValue.of(decimal.value().toString());
    } else if (value instanceof PlainValue.LocalTimestamp time) {
      return PlainValue.of(text(time.value()));
    } else if (value instanceof PlainValue.Timestamp time) {
      return PlainValue.of(text(LocalDateTime.ofInstant(time.value(), ZoneOffset.UTC)) + "+00:00");
    } else if (value instanceof PlainValue.Sequence sequence) {
      return new PlainValue.Sequence(
          sequence.items().stream().map(LivyTableForm::texts).toList(), sequence.extent());
    } else if (value instanceof PlainValue.Mapping mapping) {
      Map<String, PlainValue> entries = new LinkedHashMap<>();
      mapping.entries().forEach((name, entry) -> entries.put(name, texts(entry)));
      return new PlainValue.Mapping(entries);
    }
    return value;
  }

  private static String text(LocalDateTime time) {
    return (time.getNano() == 0 ? SECONDS : MICROSECONDS).format(time);
  }
}
