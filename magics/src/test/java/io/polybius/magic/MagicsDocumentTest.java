package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.MimeBundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Keeps docs/magics.md true. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MagicsDocumentTest {

  private static final Pattern LISTED = Pattern.compile("^\\| `%([a-z0-9_]+)[^`]*` \\|");

  private String document;
  private Path home;

  @BeforeAll
  void read() throws Exception {
    home = Path.of(System.getProperty("polybius.home", "..")).toAbsolutePath();
    document = Files.readString(home.resolve("docs/magics.md"));
  }

  @Test
  void listIsTheRegistry() {
    String list = document.substring(0, document.indexOf("\n## "));
    List<String> listed =
        list.lines()
            .map(LISTED::matcher)
            .filter(matcher -> matcher.find())
            .map(matcher -> matcher.group(1))
            .toList();
    assertThat(listed)
        .containsExactlyElementsOf(Magics.builtin().all().stream().map(Magic::name).toList());
  }

  @Test
  void exampleIsTheClassThatIsTested() throws Exception {
    int begin = document.indexOf("```java\n") + "```java\n".length();
    String example = document.substring(begin, document.indexOf("```", begin));
    Path source = home.resolve("magics/src/test/java/io/polybius/magic").resolve("CountMagic.java");
    String written = Files.readString(source);
    assertThat(written.substring(written.indexOf("public final class"))).isEqualTo(example);
  }

  @Test
  void typesAndErrorsAreAllTold() {
    assertThat(document)
        .contains(Arrays.stream(LivyType.values()).map(type -> "| `" + type + "` |").toList());
    for (String error :
        List.of(
            MagicException.UNKNOWN_MAGIC,
            MagicException.USAGE_ERROR,
            MagicException.NAME_ERROR,
            MagicException.TYPE_ERROR,
            MagicException.VALUE_ERROR)) {
      assertThat(document).contains("| `" + error + "` |");
    }
  }

  @Test
  void limitsAreTheDefaults() {
    assertThat(MagicLimits.DEFAULT).isEqualTo(new MagicLimits(1000, 200, 8L * 1024 * 1024));
    assertThat(document)
        .contains("1,000 rows or elements come unless")
        .contains("cells of up to 200 characters")
        .contains("at most 8 MiB")
        .contains(PlotType.words("|"))
        .contains(MimeBundle.LIVY_TABLE);
  }
}
