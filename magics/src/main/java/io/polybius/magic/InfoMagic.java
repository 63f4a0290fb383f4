package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** {@code %info}: what the session is. */
final class InfoMagic implements Magic {

  @Override
  public String name() {
    return "info";
  }

  @Override
  public String help() {
    return "Tells what the session and its Spark are.\n%info";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNothing();
    SessionFacts facts = context.session().facts();
    Map<String, String> lines = new LinkedHashMap<>();
    facts.session().ifPresent(number -> lines.put("Session", number));
    lines.put("Application", facts.application());
    lines.put("Application id", facts.applicationId());
    lines.put("Spark", facts.sparkVersion() + " on " + facts.master());
    lines.put("Scala", facts.scalaVersion());
    lines.put("Languages", String.join(", ", facts.languages()));
    facts.sparkUi().ifPresent(address -> lines.put("Spark UI", address));
    String html =
        lines.entrySet().stream()
            .map(line -> "<tr><th>" + line.getKey() + "</th><td>" + cell(line.getValue()))
            .collect(Collectors.joining("</td></tr>", "<table>", "</td></tr></table>"));
    String text =
        lines.entrySet().stream()
            .map(line -> String.format("%-16s", line.getKey()) + TextForm.escape(line.getValue()))
            .collect(Collectors.joining("\n"));
    return new MimeBundle(List.of(new MimeBundle.Entry(MimeBundle.HTML, html)))
        .with(MimeBundle.TEXT, text);
  }

  private static String cell(String value) {
    String escaped = HtmlForm.escape(value);
    return value.startsWith("http://") || value.startsWith("https://")
        ? "<a href=\"" + escaped + "\" target=\"_blank\">" + escaped + "</a>"
        : escaped;
  }
}
