package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;
import java.util.function.Supplier;

/** The magics that are always there. A new one gets a line here and a row in docs/magics.md. */
final class BuiltinMagics {

  private BuiltinMagics() {}

  /**
   * Returns all of them.
   *
   * @param registered tells the magics about all magics of the session
   */
  static List<MagicGroup> all(Supplier<List<MagicGroup>> registered) {
    return List.of(
        new MagicGroup(
            "Values",
            List.of(new JsonMagic(), new PlotMagic(), new SchemaMagic(), new TableMagic())),
        new MagicGroup(
            "Texts and pictures",
            List.of(
                new TextMagic("html", MimeBundle.HTML, "HTML", false),
                new ImageMagic(),
                new TextMagic(
                    "javascript", "application/javascript", "what JavaScript does", false),
                new TextMagic("latex", "text/latex", "LaTeX", true),
                new TextMagic("markdown", "text/markdown", "Markdown", true),
                new MatplotMagic(),
                new TextMagic("svg", "image/svg+xml", "an SVG picture", false))),
        new MagicGroup(
            "Languages",
            List.of(
                new LanguageMagic("python", "Python", "pyspark", false, "pyspark"),
                new LanguageMagic("r", "R", "sparkr", true, "sparkr"),
                new LanguageMagic("scala", "Scala", "spark", false),
                new LanguageMagic("sql", "SQL", "sql", true),
                new TimeMagic())),
        new MagicGroup(
            "Session",
            List.of(
                new ConfMagic(),
                new ConfigureMagic(),
                new DepsMagic(),
                new InfoMagic(),
                new JarsMagic(),
                new ShareMagic(),
                new SharedMagic())),
        new MagicGroup("Help", List.of(new HelpMagic(registered), new ListMagic(registered))));
  }
}
