package io.polybius.driver;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How large one thing may be that a statement puts out. A message of the link is sent in one piece,
 * and the server keeps it for long.
 */
final class OutputLimits {

  /** A text that stands for a value is for reading; the rest of it is left out. */
  static final int MAX_TEXT_CHARS = 1 << 20;

  /** Half a picture is none; one that is larger is left out. */
  static final int MAX_FORM_CHARS = 8 << 20;

  /** All forms of one thing. */
  static final int MAX_CHARS = 16 << 20;

  private OutputLimits() {}

  /**
   * What is left of an output.
   *
   * @param note tells what was left out, with line feeds; empty if nothing was
   */
  record Limited(StatementOutput output, String note) {}

  /** Returns an output without what is too large. */
  static Limited limit(StatementOutput output) {
    if (output instanceof StatementOutput.Echo echo) {
      return new Limited(new StatementOutput.Echo(cut(echo.text(), MAX_TEXT_CHARS, "\n")), "");
    } else if (output instanceof StatementOutput.Value value) {
      Forms forms = Forms.of(value.bundle(), MAX_TEXT_CHARS);
      return new Limited(new StatementOutput.Value(forms.bundle()), forms.note());
    } else if (output instanceof StatementOutput.Display display) {
      Forms forms = Forms.of(display.bundle(), MAX_FORM_CHARS);
      return new Limited(
          new StatementOutput.Display(forms.bundle(), display.displayId()), forms.note());
    } else if (output instanceof StatementOutput.DisplayUpdate update) {
      Forms forms = Forms.of(update.bundle(), MAX_FORM_CHARS);
      return new Limited(
          new StatementOutput.DisplayUpdate(forms.bundle(), update.displayId()), forms.note());
    } else if (output instanceof StatementOutput.Page page) {
      Forms forms = Forms.of(page.bundle(), MAX_FORM_CHARS);
      return new Limited(new StatementOutput.Page(forms.bundle()), forms.note());
    } else if (output instanceof StatementOutput.NextInput next) {
      return new Limited(
          new StatementOutput.NextInput(cut(next.text(), MAX_FORM_CHARS, ""), next.replace()), "");
    }
    return new Limited(output, "");
  }

  private static String cut(String text, int maxChars, String end) {
    if (text.length() <= maxChars) {
      return text;
    }
    int length = maxChars;
    if (Character.isHighSurrogate(text.charAt(length - 1))) {
      length--;
    }
    return text.substring(0, length)
        + String.format(Locale.ROOT, "... (%,d more characters)%s", text.length() - length, end);
  }

  private record Forms(MimeBundle bundle, String note) {

    static Forms of(MimeBundle bundle, int maxTextChars) {
      List<MimeBundle.Entry> kept = new ArrayList<>();
      StringBuilder note = new StringBuilder();
      int textChars = bundle.find(MimeBundle.TEXT).map(text -> text.data().length()).orElse(0);
      long room = MAX_CHARS - Math.min(textChars, maxTextChars);
      for (MimeBundle.Entry entry : bundle.entries()) {
        long length = entry.data().length();
        if (entry.mimeType().equals(MimeBundle.TEXT)) {
          kept.add(new MimeBundle.Entry(MimeBundle.TEXT, cut(entry.data(), maxTextChars, "")));
        } else if (length <= MAX_FORM_CHARS && length <= room) {
          kept.add(entry);
          room -= length;
        } else {
          note.append(
              String.format(
                  Locale.ROOT,
                  "\n[%s of %,d characters was left out: a form has at most %,d, and all together %,d.]\n",
                  entry.mimeType(),
                  length,
                  MAX_FORM_CHARS,
                  MAX_CHARS));
        }
      }
      return new Forms(new MimeBundle(kept), note.toString());
    }
  }
}
