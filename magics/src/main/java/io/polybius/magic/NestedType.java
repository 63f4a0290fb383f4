package io.polybius.magic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Types of columns that hold other types, as Spark's schema JSON has them. */
final class NestedType {

  private static final ObjectMapper SCHEMAS = new ObjectMapper();

  private NestedType() {}

  /**
   * Returns the type as JSON; of a user's own type, how it is stored.
   *
   * @param json the text of a JSON object
   */
  static JsonNode read(String json) {
    try {
      JsonNode type = SCHEMAS.readTree(json);
      while (type.path("type").asText().equals("udt")) {
        type = type.path("sqlType");
      }
      return type;
    } catch (JsonProcessingException e) {
      return SCHEMAS.missingNode();
    }
  }

  /** Returns the type of a column as JSON, also that of an atomic one. */
  static JsonNode readAny(String type) {
    return type.startsWith("{") ? read(type) : SCHEMAS.getNodeFactory().textNode(type);
  }

  /**
   * Returns for example {@code array<long>} or {@code struct<a: long, b: string>}.
   *
   * @param json the text of a JSON object
   */
  static String shortText(String json) {
    return shortText(read(json));
  }

  private static String shortText(JsonNode type) {
    if (type.isTextual()) {
      return type.asText();
    }
    return switch (type.path("type").asText()) {
      case "array" -> "array<" + shortText(type.path("elementType")) + ">";
      case "map" ->
          "map<" + shortText(type.path("keyType")) + ", " + shortText(type.path("valueType")) + ">";
      case "struct" -> {
        StringBuilder fields = new StringBuilder();
        for (JsonNode field : type.path("fields")) {
          fields
              .append(fields.isEmpty() ? "" : ", ")
              .append(TextForm.escape(field.path("name").asText()))
              .append(": ")
              .append(shortText(field.path("type")));
        }
        yield "struct<" + fields + ">";
      }
      case "udt" -> shortText(type.path("sqlType"));
      default -> "?";
    };
  }
}
