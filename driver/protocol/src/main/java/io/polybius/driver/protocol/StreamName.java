package io.polybius.driver.protocol;

/** The two text streams of a program. */
public enum StreamName {
  /** Standard output. */
  STDOUT,
  /** Standard error. */
  STDERR
}
