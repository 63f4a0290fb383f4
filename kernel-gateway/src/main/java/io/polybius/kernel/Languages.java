package io.polybius.kernel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.ReplyContent.HelpLink;
import io.polybius.kernel.wire.ReplyContent.LanguageInfo;
import io.polybius.session.Kind;
import io.polybius.session.SessionSnapshot;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What notebooks, exporters and editors have to know of each language. */
final class Languages {

  private static final String SPARK_GUIDE = "https://spark.apache.org/docs/latest/";
  private static final String PLAIN_EXPORTER = "script";

  private static final List<HelpLink> SPARK = List.of(new HelpLink("Apache Spark", SPARK_GUIDE));

  private static final Map<Kind, Language> LANGUAGES =
      Map.of(
          Kind.SPARK,
          new Language(
              "Scala",
              new LanguageInfo(
                  "scala",
                  "2",
                  "text/x-scala",
                  ".scala",
                  "scala",
                  TextNode.valueOf("text/x-scala"),
                  PLAIN_EXPORTER),
              List.of(
                  SPARK.get(0),
                  new HelpLink("Spark in Scala", SPARK_GUIDE + "api/scala/org/apache/spark/"),
                  new HelpLink("Scala", "https://docs.scala-lang.org/"))),
          Kind.PYSPARK,
          new Language(
              "Python",
              new LanguageInfo(
                  "python",
                  "3",
                  "text/x-python",
                  ".py",
                  "ipython3",
                  JupyterJson.object().put("name", "ipython").put("version", 3),
                  "python"),
              SPARK),
          Kind.SPARKR,
          new Language(
              "R",
              new LanguageInfo(
                  "R", "4", "text/x-r-source", ".r", "r", TextNode.valueOf("r"), PLAIN_EXPORTER),
              SPARK),
          Kind.SQL,
          new Language(
              "SQL",
              new LanguageInfo(
                  "sql", "3", "text/x-sql", ".sql", "sql", TextNode.valueOf("sql"), PLAIN_EXPORTER),
              SPARK));

  private Languages() {}

  /**
   * A language.
   *
   * @param displayName its name for people
   * @param info its version as long as no session has told it, and all else
   */
  private record Language(String displayName, LanguageInfo info, List<HelpLink> helpLinks) {}

  /**
   * Describes a kernel.
   *
   * @param driver its driver, once that is up
   * @param version the version of this software
   */
  static ReplyContent.KernelInfo kernelInfo(
      Kernel.KernelDescription kernel,
      Optional<SessionSnapshot.DriverInfo> driver,
      String version) {
    Language language =
        kernel.kind().jupyterKernel().isPresent()
            ? ofJupyterKernel(kernel.language())
            : LANGUAGES.get(kernel.kind());
    LanguageInfo info =
        driver
            .filter(known -> kernel.kind().equals(Kind.SPARK))
            .map(known -> withVersion(language.info(), known.scalaVersion()))
            .orElse(language.info());
    return new ReplyContent.KernelInfo(
        Header.PROTOCOL_VERSION,
        "polybius",
        version,
        info,
        "Polybius "
            + version
            + ": "
            + language.displayName()
            + (kernel.kind().jupyterKernel().isPresent() ? "" : " on Spark"),
        language.helpLinks(),
        List.of(),
        false);
  }

  private static LanguageInfo withVersion(LanguageInfo info, String version) {
    return new LanguageInfo(
        info.name(),
        version,
        info.mimetype(),
        info.fileExtension(),
        info.pygmentsLexer(),
        info.codemirrorMode(),
        info.nbconvertExporter());
  }

  /**
   * Describes a language of which only the name is known, because clients ask before its kernel
   * runs.
   */
  private static Language ofJupyterKernel(String name) {
    String lowerCase = name.toLowerCase(Locale.ROOT);
    LanguageInfo info =
        LANGUAGES.values().stream()
            .map(Language::info)
            .filter(known -> known.name().equalsIgnoreCase(name))
            .findFirst()
            .map(known -> withVersion(known, ""))
            .orElseGet(
                () ->
                    switch (lowerCase) {
                      case "bash", "sh", "zsh" -> info(lowerCase, "text/x-sh", ".sh", "shell");
                      case "julia" -> info(lowerCase, "text/x-julia", ".jl", lowerCase);
                      case "javascript" -> info(lowerCase, "text/javascript", ".js", lowerCase);
                      case "ruby" -> info(lowerCase, "text/x-ruby", ".rb", lowerCase);
                      case "rust" -> info(lowerCase, "text/x-rustsrc", ".rs", lowerCase);
                      default -> info(lowerCase, "text/plain", ".txt", lowerCase);
                    });
    return new Language(name, info, List.of());
  }

  private static LanguageInfo info(
      String name, String mimetype, String fileExtension, String codemirrorMode) {
    JsonNode mode = TextNode.valueOf(codemirrorMode);
    return new LanguageInfo(name, "", mimetype, fileExtension, name, mode, PLAIN_EXPORTER);
  }
}
