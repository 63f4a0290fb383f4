package io.polybius.driver.protocol;

/**
 * One way in which a text could go on.
 *
 * @param text what would stand in the place of the part that is completed
 * @param type what it is: {@code function}, {@code class}, {@code module}, {@code instance}, {@code
 *     keyword}, {@code magic}; empty if that is not known
 * @param signature the types that it takes and gives, empty if that is not known or it has none
 */
public record Candidate(String text, String type, String signature) {

  /** A text of which nothing else is known. */
  public static Candidate of(String text) {
    return new Candidate(text, "", "");
  }
}
