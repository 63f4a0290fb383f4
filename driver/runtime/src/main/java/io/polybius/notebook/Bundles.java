package io.polybius.notebook;

import io.polybius.driver.protocol.MimeBundle;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Makes bundles of what users give. */
final class Bundles {

  static final String MARKDOWN = "text/markdown";
  static final String LATEX = "text/latex";

  /** Clients that show only plain text can show these as they are. */
  private static final Set<String> READABLE = Set.of(MARKDOWN, LATEX);

  private static final Pattern MIME_TYPE = Pattern.compile("[\\w!#$&^.+-]+/[\\w!#$&^.+-]+");

  private final FrontEnd frontEnd;

  Bundles(FrontEnd frontEnd) {
    this.frontEnd = frontEnd;
  }

  /** Returns a bundle of one form, and of plain text where that is for free. */
  MimeBundle of(String mimeType, Object data) {
    MimeBundle bundle = new MimeBundle(List.of(entry(mimeType, data)));
    return READABLE.contains(mimeType)
        ? bundle.with(MimeBundle.TEXT, String.valueOf(data))
        : bundle;
  }

  /** Returns a bundle of the forms in a map. */
  MimeBundle of(Object forms) {
    List<MimeBundle.Entry> entries = new ArrayList<>();
    for (Map.Entry<?, ?> form : frontEnd.entries(forms).entrySet()) {
      entries.add(entry(String.valueOf(form.getKey()), form.getValue()));
    }
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("There is nothing to show in an empty map.");
    }
    return new MimeBundle(entries);
  }

  private MimeBundle.Entry entry(String mimeType, Object data) {
    if (!MIME_TYPE.matcher(mimeType).matches()) {
      throw new IllegalArgumentException(
          "\"" + mimeType + "\" is no MIME type such as \"text/html\".");
    }
    MimeBundle.Entry text = new MimeBundle.Entry(mimeType, "");
    return new MimeBundle.Entry(
        mimeType,
        text.isJson()
            ? frontEnd.json(data)
            : data instanceof byte[] bytes
                ? Base64.getEncoder().encodeToString(bytes)
                : String.valueOf(data));
  }
}
