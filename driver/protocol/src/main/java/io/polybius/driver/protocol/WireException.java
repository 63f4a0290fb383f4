package io.polybius.driver.protocol;

/**
 * What came over a link is not what the other end may send; it would be no better the next time.
 */
public final class WireException extends Exception {

  WireException(String message) {
    super(message);
  }

  WireException(String message, Throwable cause) {
    super(message, cause);
  }
}
