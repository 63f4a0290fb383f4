package io.polybius.driver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.polybius.driver.interpreter.ScalaValues;
import io.polybius.magic.JsonForm;
import io.polybius.magic.MagicException;
import io.polybius.magic.MagicLimits;
import java.util.Map;

/** JSON that code in a notebook gives as a text, or as a value that is not JSON yet. */
final class NotebookJson {

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

  private NotebookJson() {}

  /**
   * Returns the text of a JSON value.
   *
   * @param value such a text, or a value that {@code %json} could show
   * @throws IllegalArgumentException if it is neither
   */
  static String value(Object value) {
    if (value instanceof String text) {
      parse(text);
      return text;
    }
    try {
      MagicLimits limits = MagicLimits.DEFAULT;
      return JsonForm.of(ScalaValues.plain(value, limits.maxRows()), limits.maxBytes()).text();
    } catch (MagicException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /**
   * Returns the text of a JSON object.
   *
   * @param value such a text, or a value that {@code %json} shows as an object
   * @throws IllegalArgumentException if it is neither
   */
  static String object(Object value) {
    String text = value(value);
    if (!parse(text).isObject()) {
      throw new IllegalArgumentException("The data of a comm is a JSON object or a map.");
    }
    return text;
  }

  /** Returns the fields of a JSON object, with Java's maps, lists, texts and numbers. */
  static Map<String, Object> fields(String object) {
    try {
      return MAPPER.readValue(object, OBJECT);
    } catch (JsonProcessingException e) {
      throw notJson(e);
    }
  }

  private static JsonNode parse(String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node.isMissingNode()) {
        throw new IllegalArgumentException("An empty text is no JSON.");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw notJson(e);
    }
  }

  private static IllegalArgumentException notJson(JsonProcessingException cause) {
    return new IllegalArgumentException(
        "The text is no JSON: " + cause.getOriginalMessage(), cause);
  }
}
