package io.polybius.magic;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %schema}: the columns of a value, and their types. */
final class SchemaMagic implements Magic {

  @Override
  public String name() {
    return "schema";
  }

  @Override
  public String help() {
    return """
        Shows the columns of a value and their types.
        %schema NAME
        Of a DataFrame nothing is computed. Of anything else, the columns are those that %table \
        shows.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    List<String> words = call.words();
    if (words.size() != 1) {
      throw new MagicException(MagicException.USAGE_ERROR, "%schema takes the name of a value");
    }
    PlainValue value = context.lookup(words.get(0), 0);
    if (value instanceof PlainValue.Table table) {
      return MimeBundle.text(tree(table.columns()));
    } else if (value instanceof PlainValue.Row row) {
      return MimeBundle.text(tree(row.columns()));
    }
    // What was not computed has no columns yet.
    PlainValue looked = context.lookup(words.get(0));
    StringBuilder tree = new StringBuilder("root");
    for (Grid.Heading heading : Grid.of(looked, context.tableRules()).headings()) {
      String type = heading.type().name().replace("_TYPE", "").toLowerCase(java.util.Locale.ROOT);
      line(tree, 0, heading.name(), type, "");
    }
    return MimeBundle.text(tree.toString());
  }

  private static String tree(List<Column> columns) {
    StringBuilder tree = new StringBuilder("root");
    for (Column column : columns) {
      JsonNode type = NestedType.readAny(column.type());
      add(tree, 0, column.name(), type, nullable(column.nullable()));
    }
    return tree.toString();
  }

  private static String nullable(boolean nullable) {
    return " (nullable = " + nullable + ")";
  }

  private static void add(StringBuilder tree, int depth, String name, JsonNode type, String note) {
    if (type.isTextual()) {
      line(tree, depth, name, type.asText(), note);
      return;
    }
    line(tree, depth, name, type.path("type").asText(), note);
    switch (type.path("type").asText()) {
      case "array" ->
          add(
              tree,
              depth + 1,
              "element",
              type.path("elementType"),
              " (containsNull = " + type.path("containsNull").asBoolean() + ")");
      case "map" -> {
        add(tree, depth + 1, "key", type.path("keyType"), "");
        add(
            tree,
            depth + 1,
            "value",
            type.path("valueType"),
            " (valueContainsNull = " + type.path("valueContainsNull").asBoolean() + ")");
      }
      case "struct" ->
          type.path("fields")
              .forEach(
                  field ->
                      add(
                          tree,
                          depth + 1,
                          field.path("name").asText(),
                          field.path("type"),
                          nullable(field.path("nullable").asBoolean())));
      case "udt" -> add(tree, depth + 1, "stored as", type.path("sqlType"), "");
      default -> {
        // Its name is all there is.
      }
    }
  }

  private static void line(StringBuilder tree, int depth, String name, String type, String note) {
    tree.append("\n")
        .append(" |   ".repeat(depth))
        .append(" |-- ")
        .append(TextForm.escape(name))
        .append(": ")
        .append(type)
        .append(note);
  }
}
