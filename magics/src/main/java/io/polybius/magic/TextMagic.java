package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %html}, {@code %markdown} and the like: a text that front ends show by its type. */
final class TextMagic implements Magic {

  private final String name;
  private final String mimeType;
  private final String what;
  private final boolean readable;

  /**
   * Makes one.
   *
   * @param name of the magic
   * @param mimeType of what it shows
   * @param what it shows, for its help
   * @param readable whether the text can be read as it is where it is not shown by its type
   */
  TextMagic(String name, String mimeType, String what, boolean readable) {
    this.name = name;
    this.mimeType = mimeType;
    this.what = what;
    this.readable = readable;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String help() {
    return ("Shows "
            + what
            + ".\n%NAME VALUE\n%NAME TEXT\n%%NAME, and the text below\n"
            + "VALUE is the name of a text or of bytes. The text is shown as it is: nothing in it is "
            + "replaced or escaped.")
        .replace("NAME", name);
  }

  @Override
  public boolean yieldsToLanguage() {
    return true;
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    String text = Characters.wellFormed(Source.text(call, context));
    if (Characters.utf8Bytes(text) > context.limits().maxBytes()) {
      throw new MagicException(MagicException.VALUE_ERROR, "the text is too large to be shown");
    }
    MimeBundle bundle = new MimeBundle(List.of(new MimeBundle.Entry(mimeType, text)));
    return readable ? bundle.with(MimeBundle.TEXT, text) : bundle;
  }
}
