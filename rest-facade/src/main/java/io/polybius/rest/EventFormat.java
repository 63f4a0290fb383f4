package io.polybius.rest;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.session.SessionEvent;
import io.polybius.session.SessionEvent.JobChanged;
import io.polybius.session.SessionEvent.OutputAdded;
import io.polybius.session.SessionEvent.SessionChanged;
import io.polybius.session.SessionEvent.StatementChanged;
import io.polybius.session.SessionService;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Writes what happens as server-sent events, whose data is JSON on one line. */
final class EventFormat {

  private final SessionService sessions;
  private final Json json;

  EventFormat(SessionService sessions, Json json) {
    this.sessions = sessions;
    this.json = json;
  }

  record Gap(long from, long to) {}

  record PutOutText(int statement, String stream, String text) {}

  record PutOutData(int statement, Map<String, Object> data) {}

  /** Returns an event as it is sent. */
  byte[] encode(EventFeed.Item item) {
    if (item instanceof EventFeed.Item.Gap gap) {
      return encode(item.sequence(), "gap", new Gap(gap.from(), gap.to()));
    }
    SessionEvent event = ((EventFeed.Item.Happened) item).event();
    if (event instanceof SessionChanged changed) {
      return encode(
          item.sequence(),
          "session",
          SessionJson.of(
              changed.session(), sessions.newestLogLines(changed.session(), LogJson.NEWEST_LINES)));
    } else if (event instanceof StatementChanged changed) {
      return encode(item.sequence(), "statement", StatementJson.of(changed.statement(), json));
    } else if (event instanceof JobChanged changed) {
      return encode(item.sequence(), "job", JobJson.of(changed.job()));
    } else {
      OutputAdded added = (OutputAdded) event;
      return encode(item.sequence(), "output", putOut(added.statement().id(), added.output()));
    }
  }

  private Object putOut(int statement, StatementOutput output) {
    if (output instanceof StatementOutput.StreamText printed) {
      String stream = printed.stream().name().toLowerCase(Locale.ROOT);
      return new PutOutText(statement, stream, printed.text());
    } else if (output instanceof StatementOutput.Echo echo) {
      return new PutOutText(statement, "echo", echo.text());
    } else if (output instanceof StatementOutput.Value value) {
      return new PutOutData(statement, data(value.bundle()));
    } else if (output instanceof StatementOutput.Display display) {
      return new PutOutData(statement, data(display.bundle()));
    } else if (output instanceof StatementOutput.DisplayUpdate update) {
      return new PutOutData(statement, data(update.bundle()));
    } else if (output instanceof StatementOutput.Page page) {
      return new PutOutData(statement, data(page.bundle()));
    } else {
      throw new IllegalArgumentException(output.getClass() + " is for front ends only");
    }
  }

  private Map<String, Object> data(MimeBundle bundle) {
    Map<String, Object> data = new LinkedHashMap<>();
    bundle.entries().forEach(entry -> data.put(entry.mimeType(), OutputJson.value(entry, json)));
    return data;
  }

  private byte[] encode(long id, String name, Object data) {
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    event.writeBytes(
        ("id: " + id + "\nevent: " + name + "\ndata: ").getBytes(StandardCharsets.UTF_8));
    event.writeBytes(onOneLine(json.encode(data)));
    event.writeBytes(new byte[] {'\n', '\n'});
    return event.toByteArray();
  }

  /** JSON that users made may have line ends between its tokens; elsewhere they are escaped. */
  private static byte[] onOneLine(byte[] encoded) {
    for (int i = 0; i < encoded.length; i++) {
      if (encoded[i] == '\n' || encoded[i] == '\r') {
        encoded[i] = ' ';
      }
    }
    return encoded;
  }
}
