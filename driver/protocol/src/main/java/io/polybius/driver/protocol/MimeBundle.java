package io.polybius.driver.protocol;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One result in every form that the driver can make, most specific first. Each door to the server
 * shows the forms that its clients know.
 *
 * @param entries the forms; no two have the same type
 */
public record MimeBundle(List<Entry> entries) {

  /** Type of plain text. */
  public static final String TEXT = "text/plain";

  /** Type of HTML fragments. */
  public static final String HTML = "text/html";

  /** Type of any JSON value. */
  public static final String JSON = "application/json";

  /** Type of a picture. */
  public static final String PNG = "image/png";

  /** Type of a Vega-Lite plot with its data. */
  public static final String VEGA_LITE = "application/vnd.vegalite.v5+json";

  /** Livy's table: {@code {"headers": [{"name", "type"}], "data": [[...]]}}. */
  public static final String LIVY_TABLE = "application/vnd.livy.table.v1+json";

  /** There is nothing to show. */
  public static final MimeBundle NOTHING = new MimeBundle(List.of());

  /**
   * One form of the result.
   *
   * @param mimeType a type without parameters
   * @param data the encoded JSON text if {@link #isJson}, base64 for binary types, else the text
   */
  public record Entry(String mimeType, String data) {

    /** Returns whether {@link #data} is the text of a JSON value. */
    public boolean isJson() {
      return mimeType.equals(JSON) || mimeType.endsWith("+json");
    }
  }

  /** Checks that no form is given twice. */
  public MimeBundle {
    entries = List.copyOf(entries);
    if (entries.stream().map(Entry::mimeType).distinct().count() != entries.size()) {
      throw new IllegalArgumentException("a MIME type is given twice");
    }
  }

  /** Returns a bundle of plain text only. */
  public static MimeBundle text(String text) {
    return new MimeBundle(List.of(new Entry(TEXT, text)));
  }

  /** Returns this bundle with one more form, after those that it has. */
  public MimeBundle with(String mimeType, String data) {
    List<Entry> all = new ArrayList<>(entries);
    all.add(new Entry(mimeType, data));
    return new MimeBundle(all);
  }

  /** Returns the form of that type. */
  public Optional<Entry> find(String mimeType) {
    return entries.stream().filter(entry -> entry.mimeType().equals(mimeType)).findFirst();
  }

  /** Returns the size of all forms in UTF-8 bytes. */
  public long bytes() {
    return entries.stream()
        .mapToLong(entry -> entry.data().getBytes(StandardCharsets.UTF_8).length)
        .sum();
  }
}
