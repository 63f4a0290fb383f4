package io.polybius.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The documentation and the file templates say what the code says. */
@Timeout(20)
class ConfigurationPageTest {

  private static final Path HOME = Path.of(System.getProperty("polybius.home"));

  @Test
  void pageHasARowForEachSettingInOrder() throws IOException {
    List<String> rows =
        Files.readAllLines(HOME.resolve("docs/configuration.md")).stream()
            .dropWhile(line -> !line.equals("## All settings"))
            .skip(1)
            .takeWhile(line -> !line.startsWith("## "))
            .filter(line -> line.startsWith("| `"))
            .toList();

    assertThat(rows)
        .containsExactlyElementsOf(
            ServerConfig.SETTINGS.stream().map(ConfigurationPageTest::row).toList());
  }

  @Test
  void templateHasEachSettingWithItsDefault() throws IOException {
    // The template is all comments; without their signs it must read as the defaults.
    List<String> lines = Files.readAllLines(HOME.resolve("conf/polybius.conf.template"));
    String uncommented =
        String.join(
            "\n",
            lines.stream()
                .filter(line -> line.matches("# ?[a-z.-]+ =.*"))
                .map(line -> line.replaceFirst("# ?", ""))
                .toList());
    Properties template = new Properties();
    template.load(new StringReader(uncommented));
    Properties defaults = new Properties();
    ServerConfig.SETTINGS.forEach(
        setting -> defaults.setProperty(setting.key(), setting.defaultText()));

    assertThat(template).isEqualTo(defaults);
    assertThat(lines).allMatch(line -> line.isBlank() || line.startsWith("#"));
  }

  private static String row(Setting<?> setting) {
    String defaultText = setting.defaultText().isEmpty() ? "" : "`" + setting.defaultText() + "`";
    return "| `%s` | %s | %s | %s |"
        .formatted(
            setting.key(), defaultText, setting.type().description(), setting.documentation());
  }
}
