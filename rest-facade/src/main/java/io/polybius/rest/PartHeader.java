package io.polybius.rest;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the header of a part of a form says.
 *
 * @param name of the field; empty if there is none
 * @param fileName what the client calls the file; empty if it is none, or has no name
 */
record PartHeader(String name, String fileName) {

  private static final String DISPOSITION = "content-disposition";
  private static final String FORM_DATA = "form-data";

  /** A folded line goes on after the blanks. */
  private static final Pattern FOLD = Pattern.compile("\r\n[ \t]+");

  /** A parameter of a header; what is in quotes may have escaped quotes and backslashes. */
  private static final Pattern PARAMETER =
      Pattern.compile(
          "\\G\\s*;\\s*([^\\s=;\"]+)\\s*=\\s*(?:\"((?:\\\\[\"\\\\]|[^\"])*+)\"|([^;\"]*))");

  private static final Pattern ESCAPED = Pattern.compile("\\\\([\"\\\\])");
  private static final Pattern ENCODED = Pattern.compile("([\\w-]+)'[^']*'([!-~]*)");

  /** Parses the lines of a header, without the empty line at their end. */
  static PartHeader parse(byte[] lines) {
    String text = FOLD.matcher(decode(lines)).replaceAll(" ");
    Map<String, String> parameters = Map.of();
    for (String line : text.isEmpty() ? List.<String>of() : List.of(text.split("\r\n"))) {
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw MultipartReader.malformed("a line of a part's header has no name");
      }
      if (line.substring(0, colon).strip().equalsIgnoreCase(DISPOSITION)) {
        parameters = parameters(line.substring(colon + 1), FORM_DATA);
      }
    }
    // RFC 7578 does not want the encoded form, but some clients send only that.
    Optional<String> encoded =
        Optional.ofNullable(parameters.get("filename*")).flatMap(PartHeader::decodeExtended);
    return new PartHeader(
        parameters.getOrDefault("name", ""),
        encoded.orElse(parameters.getOrDefault("filename", "")));
  }

  /**
   * Returns the parameters of a header by their names in lower case, of which the first counts;
   * none if its value is another than that.
   */
  static Map<String, String> parameters(String header, String value) {
    int semicolon = header.indexOf(';');
    if (semicolon < 0 || !header.substring(0, semicolon).strip().equalsIgnoreCase(value)) {
      return Map.of();
    }
    Map<String, String> found = new TreeMap<>();
    Matcher parameter = PARAMETER.matcher(header);
    for (int from = semicolon; parameter.find(from); from = parameter.end()) {
      found.putIfAbsent(
          parameter.group(1).toLowerCase(Locale.ROOT),
          parameter.group(2) == null
              ? parameter.group(3).strip()
              : ESCAPED.matcher(parameter.group(2)).replaceAll("$1"));
    }
    return found;
  }

  /** Clients write UTF-8, whatever the standards say; what is none can only be of one byte each. */
  private static String decode(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  /** Decodes a text after RFC 5987, such as {@code UTF-8''na%C3%AFve}, if it is one. */
  private static Optional<String> decodeExtended(String text) {
    Matcher parts = ENCODED.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    Charset charset;
    switch (parts.group(1).toUpperCase(Locale.ROOT)) {
      case "UTF-8" -> charset = StandardCharsets.UTF_8;
      case "ISO-8859-1" -> charset = StandardCharsets.ISO_8859_1;
      default -> {
        return Optional.empty();
      }
    }
    List<Byte> bytes = new ArrayList<>();
    String encoded = parts.group(2);
    for (int i = 0; i < encoded.length(); i++) {
      if (encoded.charAt(i) != '%') {
        bytes.add((byte) encoded.charAt(i));
        continue;
      }
      int high = i + 1 < encoded.length() ? Character.digit(encoded.charAt(i + 1), 16) : -1;
      int low = i + 2 < encoded.length() ? Character.digit(encoded.charAt(i + 2), 16) : -1;
      if (high < 0 || low < 0) {
        return Optional.empty();
      }
      bytes.add((byte) (high * 16 + low));
      i += 2;
    }
    byte[] array = new byte[bytes.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = bytes.get(i);
    }
    try {
      return Optional.of(charset.newDecoder().decode(ByteBuffer.wrap(array)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }
}
