package io.polybius.notebook;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import java.util.UUID;

/**
 * Ways to show something among the output of a statement: {@code kernel.display}.
 *
 * <p>Data is given in the form of its MIME type: a {@code String} for text; an {@code Array[Byte]},
 * or its base64 as a {@code String}, for images; for JSON its text as a {@code String}, or a map, a
 * sequence, a case class or whatever else {@code %json} shows.
 */
public class Displays {

  private final FrontEnd frontEnd;
  private final Bundles bundles;

  Displays(FrontEnd frontEnd) {
    this.frontEnd = frontEnd;
    this.bundles = new Bundles(frontEnd);
  }

  /** Shows HTML. */
  public Display html(String html) {
    return content(MimeBundle.HTML, html);
  }

  /** Shows Markdown. */
  public Display markdown(String markdown) {
    return content(Bundles.MARKDOWN, markdown);
  }

  /** Shows a formula, or a text with formulas between {@code $} signs. */
  public Display latex(String latex) {
    return content(Bundles.LATEX, latex);
  }

  /** Shows a picture in the text of its SVG. */
  public Display svg(String svg) {
    return content("image/svg+xml", svg);
  }

  /** Shows a picture in the bytes of a PNG file. */
  public Display png(byte[] image) {
    return content("image/png", image);
  }

  /** Shows a picture in the bytes of a JPEG file. */
  public Display jpeg(byte[] image) {
    return content("image/jpeg", image);
  }

  /** Runs JavaScript in front ends that allow it. */
  public Display javascript(String javascript) {
    return content("application/javascript", javascript);
  }

  /**
   * Shows JSON, which some front ends let the user fold.
   *
   * @param json the text of a JSON value, or a value
   */
  public Display json(Object json) {
    return content(MimeBundle.JSON, json);
  }

  /** Shows a text as it is. */
  public Display text(String text) {
    return content(MimeBundle.TEXT, text);
  }

  /**
   * Shows something of any MIME type.
   *
   * @param mimeType a type without parameters
   * @param data of that type
   */
  public Display content(String mimeType, Object data) {
    return apply(newId(), mimeType, data);
  }

  /** Does what {@link #content} does: {@code kernel.display("text/html", "...")}. */
  public Display apply(String mimeType, Object data) {
    return content(mimeType, data);
  }

  /**
   * Shows something under a name by which it can be changed later: {@code
   * kernel.display("progress", "text/html", "...")}.
   *
   * @param id the name
   * @param mimeType a type without parameters
   * @param data of that type
   */
  public Display apply(String id, String mimeType, Object data) {
    return show(id, mimeType, bundles.of(mimeType, data));
  }

  /**
   * Shows one thing in several forms, of which each front end takes the one that it likes best:
   * {@code kernel.display(Map("text/html" -> "...", "text/plain" -> "..."))}.
   *
   * @param forms a map, of Scala or of Java, from MIME types to data
   */
  public Display apply(Object forms) {
    return show(newId(), "", bundles.of(forms));
  }

  /**
   * Changes what is shown under a name, wherever that is.
   *
   * @param id the name
   * @param mimeType a type without parameters
   * @param data of that type
   */
  public void update(String id, String mimeType, Object data) {
    change(id, bundles.of(mimeType, data));
  }

  /**
   * Changes what is shown under a name, wherever that is.
   *
   * @param id the name
   * @param forms a map, of Scala or of Java, from MIME types to data
   */
  public void update(String id, Object forms) {
    change(id, bundles.of(forms));
  }

  /** Takes back what the statement has put out so far, at once. */
  public void clear() {
    clear(false);
  }

  /**
   * Takes back what the statement has put out so far.
   *
   * @param wait whether it stays to be seen until something new comes, which then does not flicker
   */
  public void clear(boolean wait) {
    frontEnd.put(new StatementOutput.Clear(wait));
  }

  private Display show(String id, String mimeType, MimeBundle bundle) {
    frontEnd.put(new StatementOutput.Display(bundle, id));
    return new Display(this, id, mimeType);
  }

  private void change(String id, MimeBundle bundle) {
    frontEnd.put(new StatementOutput.DisplayUpdate(bundle, id));
  }

  private static String newId() {
    return UUID.randomUUID().toString();
  }
}
