package io.polybius.server.config;

import java.util.Locale;

/**
 * One thing that an operator can set.
 *
 * @param <T> what the value means to the server
 * @param key its name in files and on the command line
 * @param type what its value may be
 * @param defaultText the value that holds when nobody sets it, as it would be written
 * @param documentation one or two sentences for the operator
 */
public record Setting<T>(
    String key, SettingType<T> type, String defaultText, String documentation) {

  private static final String VARIABLE_PREFIX = "POLYBIUS_";

  /**
   * Returns the environment variable that sets it: the key in capitals, with {@code _} for dots and
   * dashes, and {@code POLYBIUS_} in front unless that is there already.
   */
  public String environmentVariable() {
    String name = key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    return name.startsWith(VARIABLE_PREFIX) ? name : VARIABLE_PREFIX + name;
  }

  /** Returns the value that holds when nobody sets it. */
  public T defaultValue() {
    return type.parse(defaultText);
  }
}
