package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.CommMessage;
import io.polybius.driver.protocol.CommMessage.Step;
import io.polybius.driver.protocol.DriverEvent.CommHandled;
import io.polybius.driver.protocol.DriverEvent.CommSent;
import io.polybius.notebook.Comm;
import io.polybius.notebook.Comms;
import io.polybius.notebook.Display;
import io.polybius.notebook.Displays;
import io.polybius.notebook.Kernel;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Keeps docs/notebook-api.md true. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NotebookDocumentTest {

  private static final Pattern EXAMPLE = Pattern.compile("```scala\n(.*?)```", Pattern.DOTALL);

  /** What the language calls for the user. */
  private static final Set<String> SILENT = Set.of("apply", "toString");

  private String document;

  @BeforeAll
  void read() throws Exception {
    Path home = Path.of(System.getProperty("polybius.home", "../..")).toAbsolutePath();
    document = Files.readString(home.resolve("docs/notebook-api.md"));
  }

  @Test
  void examplesRun() throws Exception {
    StatementDesk desk = StatementDesk.shared();
    List<String> examples = EXAMPLE.matcher(document).results().map(each -> each.group(1)).toList();
    assertThat(examples).hasSizeGreaterThan(5);
    for (String example : examples) {
      StatementDesk.Ended ended = desk.converse(example, "Ada", "Lovelace");
      assertThat(ended.error()).as(example).isNull();
    }
    desk.handle(
        50, new CommMessage(Step.OPEN, "doc", "clock", "{\"zone\":\"UTC\"}", "{}", List.of()));
    assertThat(desk.nextOf(CommSent.class).message().data()).contains("\"time\":");
    desk.handle(
        51,
        new CommMessage(
            Step.MESSAGE, "doc", "", "{\"text\":\"hi\"}", "{}", List.of(new byte[] {7})));
    CommMessage answer = desk.nextOf(CommSent.class).message();
    assertThat(answer.data()).isEqualTo("{\"you said\":\"hi\"}");
    assertThat(answer.buffers()).containsExactly(new byte[] {7});
    assertThat(desk.nextOf(CommHandled.class)).isEqualTo(new CommHandled(51));
  }

  @Test
  void everyMethodIsTold() {
    Set<String> methods =
        Stream.of(Kernel.class, Displays.class, Display.class, Comms.class, Comm.class)
            .flatMap(type -> Stream.of(type.getDeclaredMethods()))
            .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
            .map(Method::getName)
            .filter(name -> !SILENT.contains(name))
            .collect(Collectors.toSet());
    assertThat(methods).hasSizeGreaterThan(20);
    for (String method : methods) {
      assertThat(document).contains("." + method);
    }
  }
}
