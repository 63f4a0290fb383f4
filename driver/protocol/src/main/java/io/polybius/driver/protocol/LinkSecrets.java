package io.polybius.driver.protocol;

import java.io.IOException;
import java.util.Optional;

/**
 * The one-time secrets of a driver.
 *
 * @param current good for its next hello
 * @param previous good as long as the driver may not have got the current one
 */
public record LinkSecrets(String current, Optional<String> previous) {

  /** Keeps the secrets of a driver where a later server finds them. */
  public interface Keeper {

    /** Keeps nothing. */
    Keeper NONE = secrets -> {};

    /** Replaces what was kept before. Called before the driver learns of a new secret. */
    void keep(LinkSecrets secrets) throws IOException;
  }

  /** Keeps the secrets out of logs. */
  @Override
  public String toString() {
    return "LinkSecrets[]";
  }
}
