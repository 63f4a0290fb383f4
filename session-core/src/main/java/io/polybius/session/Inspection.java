package io.polybius.session;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/**
 * What is known of a name in a text.
 *
 * @param found whether anything is
 * @param description it, in every form that there is
 */
public record Inspection(boolean found, MimeBundle description) {

  /** Nobody knew anything in time. */
  public static final Inspection NOTHING = new Inspection(false, new MimeBundle(List.of()));
}
