package io.polybius.rest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.PropertyBindingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads what clients send and writes what they get. Safe for use by many threads. */
final class Json {

  private static final Pattern SOURCE = Pattern.compile(" \\([^()]*\\[Source: .*\\]\\)");

  private final ObjectMapper mapper =
      JsonMapper.builder(
              JsonFactory.builder()
                  // Bodies are bounded as a whole.
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                  .build())
          // Else "{}{}" would be taken for its beginning.
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final ObjectWriter withoutSurrogates = mapper.writer(new RefusedSurrogates());

  /** Returns the encoded value. Half of a surrogate pair in a user's text becomes {@code "?"}. */
  byte[] encode(Object value) {
    try {
      return withoutSurrogates.writeValueAsBytes(value);
    } catch (JsonProcessingException | IllegalArgumentException refused) {
      return encodeByWayOfText(value);
    }
  }

  private byte[] encodeByWayOfText(Object value) {
    try {
      return mapper.writeValueAsString(value).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Jackson encodes most texts fastest directly, but surrogates as {@code "\uD83D"}, halves of
   * pairs among them, on which many clients fail. So a text that has any is refused.
   */
  private static final class RefusedSurrogates extends CharacterEscapes {

    private static final long serialVersionUID = 1;

    @Override
    public int[] getEscapeCodesForAscii() {
      return standardAsciiEscapesForJSON();
    }

    @Override
    public SerializableString getEscapeSequence(int character) {
      if (Character.isSurrogate((char) character)) {
        throw new IllegalArgumentException("a surrogate");
      }
      return null;
    }
  }

  /** Returns what a client has sent, or throws what to tell it. */
  <T> T decode(InputStream body, Class<T> type) {
    try {
      T value = mapper.readValue(body, type);
      if (value == null) {
        throw RejectedRequestException.bad("The body must be a JSON object, not null.");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw RejectedRequestException.bad(explain(e));
    } catch (IOException e) {
      throw RejectedRequestException.bad("The body is not JSON: " + e.getMessage());
    }
  }

  /** Returns a JSON text as a value that is written as it is, unless it is no JSON after all. */
  Optional<RawValue> embed(String text) {
    try (JsonParser parser = mapper.createParser(text)) {
      if (parser.nextToken() == null) {
        return Optional.empty();
      }
      parser.skipChildren();
      return parser.nextToken() == null ? Optional.of(new RawValue(text)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String jsonName(Class<?> type) {
    if (type == Integer.class || type == int.class) {
      return "a whole number";
    } else if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    } else if (type == String.class) {
      return "a text";
    } else if (type == byte[].class) {
      return "a text in base64, with its padding";
    }
    return Collection.class.isAssignableFrom(type) ? "a list" : "a JSON object";
  }

  private static String explain(JsonProcessingException e) {
    if (e instanceof MismatchedInputException mismatch
        && !(e instanceof PropertyBindingException)
        && mismatch.getTargetType() != null
        && mismatch.getProcessor() instanceof JsonParser parser
        && parser.currentToken() != null) {
      String field =
          mismatch.getPath().stream()
              .map(at -> at.getFieldName() == null ? "[" + at.getIndex() + "]" : at.getFieldName())
              .collect(Collectors.joining("."))
              .replace(".[", "[");
      return (field.isEmpty() ? "The body" : field)
          + " must be "
          + jsonName(mismatch.getTargetType())
          + ".";
    }
    StringBuilder text = new StringBuilder(SOURCE.matcher(e.getOriginalMessage()).replaceAll(""));
    JsonLocation location = e.getLocation();
    if (location != null) {
      text.append(" at line ")
          .append(location.getLineNr())
          .append(", column ")
          .append(location.getColumnNr());
    }
    if (e instanceof PropertyBindingException unknown) {
      text.append(unknown.getMessageSuffix());
    }
    if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
      text.append(" (through reference chain: ").append(mapping.getPathReference()).append(')');
    }
    // What our records are called is of use to clients, where they are is not.
    return text.toString().replace(Json.class.getPackageName() + ".", "");
  }
}
