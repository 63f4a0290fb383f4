package io.polybius.server.http;

import java.nio.charset.StandardCharsets;

/** Texts of clients, made fit for one field of one line of a log. */
final class Printable {

  private static final String HEX = "0123456789ABCDEF";

  private Printable() {}

  /**
   * Returns a text with everything escaped, as in URLs, that is not visible ASCII: line ends and
   * blanks above all, with which a client could make up entries of the log.
   */
  static String of(String text) {
    if (text.chars().allMatch(Printable::isPlain)) {
      return text;
    }
    StringBuilder escaped = new StringBuilder();
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      if (isPlain(each)) {
        escaped.append((char) each);
      } else {
        escaped.append('%').append(HEX.charAt((each >> 4) & 15)).append(HEX.charAt(each & 15));
      }
    }
    return escaped.toString();
  }

  private static boolean isPlain(int character) {
    return character > ' ' && character <= '~' && character != '%' && character != '"';
  }
}
