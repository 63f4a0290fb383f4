package io.polybius.magic;

import java.util.List;

/**
 * A name under which a session shares something.
 *
 * @param name the name
 * @param type {@code DataFrame}, {@code RDD} or {@code value}
 * @param language the kind of the statement that has shared it
 * @param summary what is in it, in a few words
 */
public record SharedName(String name, String type, String language, String summary) {

  /**
   * Returns a table with a row for each.
   *
   * @param headings of the four columns
   */
  public static PlainValue.Table table(List<SharedName> all, List<String> headings) {
    List<Column> columns =
        headings.stream().map(heading -> new Column(heading, "string", false)).toList();
    List<List<PlainValue>> rows =
        all.stream()
            .map(
                each ->
                    List.of(
                        PlainValue.of(each.name()),
                        PlainValue.of(each.type()),
                        PlainValue.of(each.language()),
                        PlainValue.of(each.summary())))
            .toList();
    return new PlainValue.Table(columns, rows, Extent.WHOLE);
  }
}
