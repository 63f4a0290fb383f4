package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.PublishedContent;
import java.util.Optional;

/**
 * A line in the output of a cell that changes while the cell runs. Used under the kernel's lock.
 */
final class UpdatingDisplay {

  private final Voice voice;
  private final Header cell;
  private final String id;
  private Optional<Line> shown = Optional.empty();

  /**
   * Makes one that is not shown yet.
   *
   * @param cell the request whose output it is part of
   * @param id names it among all displays that a client may ever see
   */
  UpdatingDisplay(Voice voice, Header cell, String id) {
    this.voice = voice;
    this.cell = cell;
    this.id = id;
  }

  /**
   * What there is to see.
   *
   * @param text for clients that show text only
   * @param html for others
   */
  record Line(String text, String html) {

    /** Returns a line that is the same for all clients. */
    static Line text(String text) {
      return new Line(text, escape(text));
    }

    /** Returns a text, which may hold any characters, as HTML. */
    static String escape(String text) {
      return text.replace("&", "&amp;")
          .replace("<", "&lt;")
          .replace(">", "&gt;")
          .replace("\"", "&quot;")
          .replace("'", "&#39;");
    }

    /** Returns this line with a link behind it; anything but a web page is left out. */
    Line withLink(String label, String url) {
      return url.startsWith("http://") || url.startsWith("https://")
          ? new Line(
              text + " · " + url,
              html
                  + " · <a href=\""
                  + escape(url)
                  + "\" target=\"_blank\" rel=\"noopener\">"
                  + escape(label)
                  + "</a>")
          : this;
    }
  }

  /** Shows a line, in place of the one before it. */
  void show(Line line) {
    if (shown.equals(Optional.of(line))) {
      return;
    }
    ObjectNode data =
        JupyterJson.object()
            .put(MimeBundle.HTML, "<div>" + line.html() + "</div>")
            .put(MimeBundle.TEXT, line.text());
    ObjectNode transientData = JupyterJson.object().put("display_id", id);
    voice.publish(
        isShown()
            ? new PublishedContent.UpdateDisplayData(data, JupyterJson.object(), transientData)
            : new PublishedContent.DisplayData(data, JupyterJson.object(), transientData),
        cell);
    shown = Optional.of(line);
  }

  /** Returns whether there is something to see. */
  boolean isShown() {
    return shown.isPresent();
  }

  /** The cell's output was cleared, and this with it. */
  void cleared() {
    shown = Optional.empty();
  }
}
