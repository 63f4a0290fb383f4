package io.polybius.kernel.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * JSON as it goes over the wire. What is written is always valid UTF-8 JSON, whatever a user's
 * program put into it: lone surrogates become U+FFFD and numbers that JSON does not have become
 * {@code null}. What is read may hold {@code NaN}, because Python writes it.
 */
public final class JupyterJson {

  private static final int MAX_DEPTH = 500;

  private static final ObjectMapper MAPPER = mapper();

  private JupyterJson() {}

  private static ObjectMapper mapper() {
    JsonFactory factory =
        JsonFactory.builder()
            .addDecorator((ignored, generator) -> new CleanGenerator(generator))
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .build();
    return JsonMapper.builder(factory)
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .withCoercionConfig(
            LogicalType.Textual,
            config ->
                config
                    .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
        .build();
  }

  /** Returns an empty object. */
  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /**
   * Returns the object whose text that is.
   *
   * @throws MalformedMessageException if it is not the text of one JSON object
   */
  public static ObjectNode readObject(byte[] utf8) throws MalformedMessageException {
    try {
      if (MAPPER.readTree(utf8) instanceof ObjectNode object) {
        return object;
      }
      throw new MalformedMessageException("not a JSON object");
    } catch (IOException e) {
      throw new MalformedMessageException("not valid JSON");
    }
  }

  /**
   * Returns the value whose text that is.
   *
   * @throws MalformedMessageException if it is not the text of one JSON value
   */
  public static JsonNode readValue(String text) throws MalformedMessageException {
    try {
      JsonNode value = MAPPER.readTree(text);
      if (value.isMissingNode()) {
        throw new MalformedMessageException("no JSON");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new MalformedMessageException("not valid JSON");
    }
  }

  /** Returns the text of a value. */
  public static byte[] write(JsonNode value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("a JSON tree could not be written", e);
    }
  }

  /**
   * Returns an object as a record of that type; what the record does not know is left out.
   *
   * @throws MalformedMessageException if something is missing or has the wrong type
   */
  public static <T> T convert(ObjectNode object, Class<T> type) throws MalformedMessageException {
    try {
      return MAPPER.treeToValue(object, type);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new MalformedMessageException(reason(e));
    }
  }

  /** Returns a record as an object. */
  public static ObjectNode toObject(Object value) {
    return MAPPER.valueToTree(value);
  }

  /** Returns records as an array of objects. */
  public static ArrayNode toArray(List<?> values) {
    return MAPPER.valueToTree(values);
  }

  /**
   * Returns what is wrong, without Jackson's quotation of the input and the names of our classes.
   */
  private static String reason(Exception e) {
    if (e instanceof MismatchedInputException mismatch && !mismatch.getPath().isEmpty()) {
      String field =
          mismatch.getPath().stream()
              .map(at -> at.getFieldName() == null ? "[" + at.getIndex() + "]" : at.getFieldName())
              .collect(Collectors.joining("."));
      return "the field " + field + " is missing or of the wrong type";
    }
    String message =
        e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
    return String.valueOf(message).lines().findFirst().orElse("malformed content");
  }

  /** Keeps what JSON or UTF-8 cannot express out of the output. */
  private static final class CleanGenerator
      extends com.fasterxml.jackson.core.util.JsonGeneratorDelegate {

    CleanGenerator(JsonGenerator target) {
      super(target, false);
    }

    @Override
    public void writeString(String text) throws IOException {
      super.writeString(withoutLoneSurrogates(text));
    }

    @Override
    public void writeFieldName(String name) throws IOException {
      super.writeFieldName(withoutLoneSurrogates(name));
    }

    @Override
    public void writeNumber(double value) throws IOException {
      if (Double.isFinite(value)) {
        super.writeNumber(value);
      } else {
        writeNull();
      }
    }

    @Override
    public void writeNumber(float value) throws IOException {
      if (Float.isFinite(value)) {
        super.writeNumber(value);
      } else {
        writeNull();
      }
    }

    private static String withoutLoneSurrogates(String text) {
      int first = firstLoneSurrogate(text, 0);
      if (first < 0) {
        return text;
      }
      StringBuilder clean = new StringBuilder(text);
      for (int at = first; at >= 0; at = firstLoneSurrogate(text, at + 1)) {
        clean.setCharAt(at, '\uFFFD');
      }
      return clean.toString();
    }

    private static int firstLoneSurrogate(String text, int from) {
      for (int i = from; i < text.length(); i++) {
        char c = text.charAt(i);
        if (!Character.isSurrogate(c)) {
          continue;
        }
        if (Character.isHighSurrogate(c)
            && i + 1 < text.length()
            && Character.isLowSurrogate(text.charAt(i + 1))) {
          i++;
        } else {
          return i;
        }
      }
      return -1;
    }
  }
}
