package io.polybius.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.StreamName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class ProcessLogTest {

  private final ProcessLog log = new ProcessLog();

  @Test
  void emptyLogHasItsHeadings() {
    assertThat(log.page(0, -1).lines()).containsExactly("stdout: ", "\nstderr: ");
  }

  @Test
  void linesStandUnderTheHeadingOfTheirStream() {
    log.append(StreamName.STDERR, "e1");
    log.append(StreamName.STDOUT, "o1");
    log.append(StreamName.STDERR, "e2");

    assertThat(log.page(0, -1).lines()).containsExactly("stdout: ", "o1", "\nstderr: ", "e1", "e2");
    assertThat(log.newestErrors()).containsExactly("e1", "e2");
  }

  @Test
  void newestErrorsAreThoseOfThePresentProgram() {
    log.append(StreamName.STDERR, "earlier");
    log.beginAnew("again");
    log.append(StreamName.STDERR, "later");

    assertThat(log.newestErrors()).containsExactly("again", "later");
    assertThat(log.page(0, -1).lines())
        .containsExactly("stdout: ", "\nstderr: ", "earlier", "again", "later");
  }

  @Test
  void whatAClusterSaysComesLast(@TempDir Path folder) {
    for (ProcessLog each : List.of(log, new ProcessLog(Optional.of(folder), "session-0", true))) {
      each.diagnose("YARN", "");
      assertThat(each.page(0, -1).lines())
          .containsExactly("stdout: ", "\nstderr: ", "\nYARN Diagnostics: ");
      each.append(StreamName.STDERR, "e");
      each.diagnose("YARN", "d1\nd2\n");
      List<String> all = List.of("stdout: ", "\nstderr: ", "e", "\nYARN Diagnostics: ", "d1", "d2");
      assertThat(each.page(0, -1)).isEqualTo(new LogPage(0, all.size(), all));
      for (int from = 0; from < all.size(); from++) {
        assertThat(each.page(from, 2).lines())
            .isEqualTo(all.subList(from, Math.min(all.size(), from + 2)));
      }
      assertThat(each.newest(4)).isEqualTo(all.subList(2, 6));
    }
    assertThat(new ProcessLog(Optional.of(folder), "session-0", true).page(-1, 3).lines())
        .containsExactly("\nYARN Diagnostics: ", "d1", "d2");
  }

  @Test
  void textsOfSeveralLinesAreSeveralLines() {
    log.append(StreamName.STDOUT, "a\nb");

    assertThat(log.page(0, -1).lines()).containsExactly("stdout: ", "a", "b", "\nstderr: ");
  }

  @Test
  void pagesAreCutFromTheWholeOfBothParts(@TempDir Path folder) {
    for (ProcessLog each : List.of(log, new ProcessLog(Optional.of(folder), "session-0", true))) {
      for (int i = 0; i < 150; i++) {
        each.append(StreamName.STDOUT, "o" + i);
        each.append(StreamName.STDERR, "e\u00fc\r" + i);
      }
      List<String> all = each.page(0, -1).lines();

      assertThat(all).hasSize(302).startsWith("stdout: ", "o0").endsWith("e\u00fc\r149");
      for (int from = 0; from <= 302; from++) {
        for (int size : new int[] {0, 1, 2, 3, 70, 400}) {
          LogPage page = each.page(from, size);
          assertThat(page.lines()).isEqualTo(all.subList(from, Math.min(302, from + size)));
          assertThat(page.from()).isEqualTo(from);
          assertThat(page.total()).isEqualTo(302);
        }
      }
      assertThat(each.page(-1, 5)).isEqualTo(new LogPage(297, 302, all.subList(297, 302)));
      assertThat(each.page(-1, 1000).lines()).isEqualTo(all);
      assertThat(each.page(1000, 5)).isEqualTo(new LogPage(1000, 302, List.of()));
      for (int most = 0; most <= 20; most++) {
        assertThat(each.newest(most)).isEqualTo(all.subList(302 - most, 302));
      }
      each.delete();
    }
  }

  @Test
  void newestLinesOfAShortLogAreAllOfIt() {
    log.append(StreamName.STDOUT, "o1");
    log.append(StreamName.STDERR, "e1");

    assertThat(log.newest(10)).isEqualTo(log.page(0, -1).lines());
    assertThat(log.newest(2)).containsExactly("\nstderr: ", "e1");
  }

  @Test
  void logInFilesKeepsEverythingAndGoesOnAfterItsRelease(@TempDir Path folder) throws Exception {
    ProcessLog inFiles = new ProcessLog(Optional.of(folder), "session-0", true);
    for (int i = 0; i < 30_000; i++) {
      inFiles.append(StreamName.STDERR, "e" + i);
    }
    inFiles.release();
    inFiles.append(StreamName.STDERR, "more");

    assertThat(inFiles.page(0, -1).lines()).hasSize(30_003).contains("e0").endsWith("more");
    inFiles.delete();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void logWhoseFilesCannotBeWrittenIsKeptInMemory(@TempDir Path folder) {
    ProcessLog broken = new ProcessLog(Optional.of(folder.resolve("missing")), "session-0", true);
    broken.append(StreamName.STDERR, "e1");

    assertThat(broken.page(0, -1).lines()).containsExactly("stdout: ", "\nstderr: ", "e1");
  }

  @Test
  void linesAndPagesThatAreTooLongAreCut(@TempDir Path folder) {
    ProcessLog inFiles = new ProcessLog(Optional.of(folder), "session-0", true);
    inFiles.append(StreamName.STDOUT, "x".repeat(100_000));
    assertThat(inFiles.page(1, 1).lines().get(0)).hasSize(16_387).endsWith("...");

    for (int i = 0; i < 5_000; i++) {
      inFiles.append(StreamName.STDOUT, "x".repeat(16_000));
    }
    LogPage page = inFiles.page(0, -1);
    assertThat(page.total()).isEqualTo(5_003);
    assertThat(page.lines()).hasSizeBetween(1_000, 3_000);
  }

  @Test
  void linesOfAProgramOfOneStreamAreOnlyAddedAtTheEnd(@TempDir Path folder) {
    ProcessLog program = new ProcessLog(Optional.of(folder), "batch-0", false);
    List<String> followed = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      program.append(StreamName.STDOUT, "line " + i);
      followed.addAll(program.page(followed.size(), 100).lines());
    }
    assertThat(program.newest(1)).containsExactly("line 49");
    program.append(StreamName.STDERR, "The program failed: exit code 1");
    program.release();
    followed.addAll(program.page(followed.size(), 100).lines());

    assertThat(followed)
        .hasSize(53)
        .startsWith("stdout: ", "line 0")
        .endsWith("line 49", "\nstderr: ", "The program failed: exit code 1")
        .isEqualTo(program.page(0, -1).lines());
  }

  @Test
  void programThatPrintedNothingHasBothHeadingsAtItsEnd(@TempDir Path folder) {
    ProcessLog program = new ProcessLog(Optional.of(folder), "batch-0", false);
    assertThat(program.page(0, -1).lines()).containsExactly("stdout: ");
    program.release();

    assertThat(program.page(0, -1)).isEqualTo(new LogPage(0, 2, List.of("stdout: ", "\nstderr: ")));
    assertThat(program.newest(10)).containsExactly("stdout: ", "\nstderr: ");
  }

  @Test
  void nothingIsKeptOfWhatComesAfterTheDeletion(@TempDir Path folder) throws Exception {
    ProcessLog deleted = new ProcessLog(Optional.of(folder), "session-0", true);
    deleted.append(StreamName.STDOUT, "before");
    deleted.delete();
    deleted.append(StreamName.STDOUT, "after");

    assertThat(deleted.page(0, -1).lines()).doesNotContain("after");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void oldestLinesInMemoryAreLostWhenThereIsVeryMuch() {
    log.append(StreamName.STDOUT, "kept");
    for (int i = 0; i < 1_000; i++) {
      log.append(StreamName.STDERR, "e" + i + " " + "x".repeat(10_000));
    }

    List<String> lines = log.page(0, -1).lines();
    assertThat(lines)
        .hasSize(1_003)
        .startsWith("stdout: ", "kept", "\nstderr: ", "(this line was lost)");
    assertThat(lines.get(1_002)).startsWith("e999 ");
    assertThat(lines.stream().mapToLong(String::length).sum()).isLessThan(5 << 20);
  }
}
