package io.polybius.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.server.config.LivyKeys.Fate;
import io.polybius.session.SessionLimits;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The documentation and the file templates say what the code says. */
@Timeout(20)
class ConfigurationPageTest {

  private static final Path HOME = Path.of(System.getProperty("polybius.home"));

  @Test
  void pageHasARowForEachSettingInOrder() throws IOException {
    assertThat(rows("All settings"))
        .containsExactlyElementsOf(
            ServerConfig.SETTINGS.stream().map(setting -> row("", setting)).toList());
  }

  @Test
  void pageHasARowForEachSettingOfALaunchProfileInOrder() throws IOException {
    assertThat(rows("Launch profiles"))
        .containsExactlyElementsOf(
            ProfileSettings.SETTINGS.stream()
                .map(setting -> row(ProfileSettings.PREFIX + "NAME.", setting))
                .toList());
  }

  @Test
  void pageSaysWhatBecomesOfEachSettingOfLivy() throws IOException {
    assertThat(rows("Settings of Livy that are refused")).isEqualTo(rows(Fate.REFUSED));
    assertThat(rows("Settings of Livy without effect")).isEqualTo(rows(Fate.IGNORED));
    assertThat(rows("Old spellings"))
        .containsExactlyElementsOf(
            LivyKeys.read().all().stream()
                .filter(key -> key.fate() == Fate.OLD)
                .map(key -> "| `%s` | `%s` |".formatted(key.key(), key.details()))
                .toList());
  }

  @Test
  void pageSaysWhatASessionCanSetForItself() throws IOException {
    assertThat(rows("Settings of a session"))
        .map(row -> row.split("`")[1])
        .isEqualTo(SessionLimits.KEYS_OF_SESSIONS);
    assertThat(ServerConfig.SETTINGS)
        .extracting(Setting::key)
        .containsAll(SessionLimits.KEYS_OF_SESSIONS);
  }

  @Test
  void defaultsOfTheServerAreThoseOfTheSessionCore() throws Exception {
    ServerConfig config =
        ServerConfig.load(new Sources(HOME.resolve("docs"), Map.of(), Map.of(), Map.of()));

    assertThat(SessionLimits.DEFAULT.startTimeout()).isEqualTo(config.driverConnectTimeout());
    assertThat(SessionLimits.DEFAULT.cancelTimeout()).isEqualTo(config.sessions().cancelTimeout());
    assertThat(SessionLimits.DEFAULT.retainedStatements()).isEqualTo(config.retainedStatements());
  }

  @Test
  void templateHasEachSettingWithItsDefault() throws IOException {
    // The template is all comments; without their signs it must read as the defaults.
    List<String> lines = Files.readAllLines(HOME.resolve("conf/polybius.conf.template"));
    String uncommented =
        String.join(
            "\n",
            lines.stream()
                .filter(line -> line.matches("# ?[A-Za-z.-]+ =.*"))
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

  @Test
  void templateOfForbiddenKeysForbidsNothingAsItIs() throws IOException {
    assertThat(
            Files.readAllLines(
                HOME.resolve("conf").resolve(ServerConfig.FORBIDDEN_KEYS + ".template")))
        .isNotEmpty()
        .allMatch(line -> line.isBlank() || line.startsWith("# "));
  }

  private static List<String> rows(String section) throws IOException {
    return Files.readAllLines(HOME.resolve("docs/configuration.md")).stream()
        .dropWhile(line -> !line.equals("## " + section))
        .skip(1)
        .takeWhile(line -> !line.startsWith("## "))
        .filter(line -> line.startsWith("| `"))
        .toList();
  }

  private static List<String> rows(Fate fate) {
    return LivyKeys.read().all().stream()
        .filter(key -> key.fate() == fate)
        .map(
            key -> {
              String accepted = key.details().isEmpty() ? "" : "`" + key.details() + "`";
              return "| `%s` | %s | %s |".formatted(key.key(), accepted, key.reason());
            })
        .toList();
  }

  private static String row(String prefix, Setting<?> setting) {
    String defaultText = setting.defaultText().isEmpty() ? "" : "`" + setting.defaultText() + "`";
    return "| `%s` | %s | %s | %s |"
        .formatted(
            prefix + setting.key(),
            defaultText,
            setting.type().description(),
            setting.documentation());
  }
}
