package io.polybius.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.kernel.wire.PublishedContent;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TraceColorsTest {

  private final DisplayProjection projection = new DisplayProjection();

  @Test
  void exceptionIsRedAndThePlaceIsGreen() {
    PublishedContent.Failure failure =
        projection.project(
            new StatementError(
                Origin.USER_CODE,
                "java.lang.IllegalStateException",
                "boom: really\n\tat Spark.thing\nDriver stacktrace:",
                List.of("  at $line1.$read.<init>"),
                List.of(
                    "      1 val a = 1",
                    "----> 2 fail(a)",
                    "  at cell line 2",
                    "Caused by: java.io.IOException: disk")));
    assertThat(failure.traceback())
        .containsExactly(
            "\u001b[1;31mjava.lang.IllegalStateException\u001b[0m: boom: really",
            "      1 val a = 1",
            "\u001b[32m----> 2\u001b[0m fail(a)",
            "  at \u001b[32mcell line 2\u001b[0m",
            "\u001b[31mCaused by: java.io.IOException\u001b[0m: disk");
    assertThat(failure.ename()).isEqualTo("java.lang.IllegalStateException");
    assertThat(failure.evalue()).startsWith("boom: really");
  }

  @Test
  void compileErrorHasTheCellsLineAndAGreenCaret() {
    PublishedContent.Failure failure =
        projection.project(
            new StatementError(
                Origin.COMPILER,
                "CompileError",
                "<console>:24: error: not found: value x",
                List.of("       x", "       ^"),
                List.of("cell line 3: error: not found: value x", "       x", "       ^")));
    assertThat(failure.evalue()).isEqualTo("cell line 3: error: not found: value x");
    assertThat(failure.traceback())
        .containsExactly(
            "\u001b[32mcell line 3\u001b[0m: \u001b[1;31merror\u001b[0m: not found: value x",
            "       x",
            "\u001b[32m       ^\u001b[0m");
  }

  @Test
  void withoutATraceThereAreNoColours() {
    PublishedContent.Failure failure =
        projection.project(
            new StatementError(Origin.MAGIC, "UnknownMagic", "no %x", List.of("  at x")));
    assertThat(failure.traceback()).containsExactly("no %x", "  at x");
  }
}
