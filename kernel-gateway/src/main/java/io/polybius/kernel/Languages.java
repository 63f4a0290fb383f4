package io.polybius.kernel;

import com.fasterxml.jackson.databind.node.TextNode;
import io.polybius.kernel.wire.ReplyContent.HelpLink;
import io.polybius.kernel.wire.ReplyContent.LanguageInfo;
import io.polybius.session.Kind;
import java.util.List;

/** What notebooks, exporters and editors have to know of each language. */
final class Languages {

  private static final String SPARK_GUIDE = "https://spark.apache.org/docs/latest/";

  private Languages() {}

  /**
   * Describes a language.
   *
   * @param version its version, as far as it is known
   */
  static LanguageInfo info(Kind kind, String version) {
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
    };
  }

  /** Returns the name of a language for people. */
  static String displayName(Kind kind) {
    return switch (kind) {
      case SPARK -> "Scala";
    };
  }

  /** Returns the version of a language as long as its session has not told it. */
  static String versionBeforeStart(Kind kind) {
    return switch (kind) {
      case SPARK -> "2";
    };
  }

  /** Returns pages to read about a language. */
  static List<HelpLink> helpLinks(Kind kind) {
    return switch (kind) {
      case SPARK ->
          List.of(
              new HelpLink("Apache Spark", SPARK_GUIDE),
              new HelpLink("Spark in Scala", SPARK_GUIDE + "api/scala/org/apache/spark/"),
              new HelpLink("Scala", "https://docs.scala-lang.org/"));
    };
  }
}
