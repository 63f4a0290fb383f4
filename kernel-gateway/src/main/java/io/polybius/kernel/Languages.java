package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.TextNode;
import io.polybius.kernel.wire.Header;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.ReplyContent.HelpLink;
import io.polybius.kernel.wire.ReplyContent.LanguageInfo;
import io.polybius.session.Kind;
import io.polybius.session.SessionSnapshot;
import java.util.List;
import java.util.Optional;

/** What notebooks, exporters and editors have to know of each language. */
final class Languages {

  private static final String SPARK_GUIDE = "https://spark.apache.org/docs/latest/";

  private Languages() {}

  /**
   * Describes a kernel.
   *
   * @param driver its driver, once that is up
   * @param version the version of this software
   */
  static ReplyContent.KernelInfo kernelInfo(
      Kind kind, Optional<SessionSnapshot.DriverInfo> driver, String version) {
    String languageVersion =
        driver
            .filter(known -> kind == Kind.SPARK)
            .map(SessionSnapshot.DriverInfo::scalaVersion)
            .orElseGet(() -> versionBeforeStart(kind));
    return new ReplyContent.KernelInfo(
        Header.PROTOCOL_VERSION,
        "polybius",
        version,
        info(kind, languageVersion),
        "Polybius " + version + ": " + displayName(kind) + " on Spark",
        helpLinks(kind),
        List.of(),
        false);
  }

  /**
   * Describes a language.
   *
   * @param version its version, as far as it is known
   */
  private static LanguageInfo info(Kind kind, String version) {
    return switch (kind) {
      case SPARK ->
          new LanguageInfo(
              "scala",
              version,
              "text/x-scala",
              ".scala",
              "scala",
              TextNode.valueOf("text/x-scala"),
              "script");
      case PYSPARK ->
          new LanguageInfo(
              "python",
              version,
              "text/x-python",
              ".py",
              "ipython3",
              JupyterJson.object().put("name", "ipython").put("version", 3),
              "python");
      case SPARKR ->
          new LanguageInfo(
              "R", version, "text/x-r-source", ".r", "r", TextNode.valueOf("r"), "script");
      case SQL ->
          new LanguageInfo(
              "sql", version, "text/x-sql", ".sql", "sql", TextNode.valueOf("sql"), "script");
      case SHARED -> throw noLanguage();
    };
  }

  private static String displayName(Kind kind) {
    return switch (kind) {
      case SPARK -> "Scala";
      case PYSPARK -> "Python";
      case SPARKR -> "R";
      case SQL -> "SQL";
      case SHARED -> throw noLanguage();
    };
  }

  /** Returns the version of a language as long as its session has not told it. */
  private static String versionBeforeStart(Kind kind) {
    return switch (kind) {
      case SPARK -> "2";
      case PYSPARK, SQL -> "3";
      case SPARKR -> "4";
      case SHARED -> throw noLanguage();
    };
  }

  private static List<HelpLink> helpLinks(Kind kind) {
    return switch (kind) {
      case SPARK ->
          List.of(
              new HelpLink("Apache Spark", SPARK_GUIDE),
              new HelpLink("Spark in Scala", SPARK_GUIDE + "api/scala/org/apache/spark/"),
              new HelpLink("Scala", "https://docs.scala-lang.org/"));
      case PYSPARK, SPARKR, SQL -> List.of(new HelpLink("Apache Spark", SPARK_GUIDE));
      case SHARED -> throw noLanguage();
    };
  }

  private static IllegalArgumentException noLanguage() {
    return new IllegalArgumentException("a kernel has one language");
  }
}
