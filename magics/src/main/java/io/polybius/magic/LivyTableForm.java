package io.polybius.magic;

/** The form of a table that Livy's clients know: {@code {"headers": [...], "data": [[...]]}}. */
final class LivyTableForm {

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
   * @param maxBytes how long the text may be; rows beyond are left out if the table may be cut
   * @throws MagicException {@link MagicException#VALUE_ERROR} if there is too much
   */
  static Encoded of(Grid grid, long maxBytes) throws MagicException {
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
    String beforeData = "{\"headers\":" + headers + ",\"data\":";
    JsonForm.Array data =
        JsonForm.array(
            grid.rows().size(),
            (json, index) -> {
              json.writeStartArray();
              for (PlainValue cell : grid.rows().get(index)) {
                if (cell != null) {
                  JsonForm.write(json, cell, JsonForm.Rows.OBJECTS);
                }
              }
              json.writeEndArray();
            },
            maxBytes - Characters.utf8Bytes(beforeData) - 1,
            grid.mayBeCut());
    return new Encoded(beforeData + data.text() + "}", grid.first(data.count()));
  }
}
