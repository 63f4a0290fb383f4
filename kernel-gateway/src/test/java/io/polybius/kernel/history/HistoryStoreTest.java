package io.polybius.kernel.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.kernel.history.HistoryStore.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(40)
class HistoryStoreTest {

  private static final Place PLACE = new Place(Optional.empty(), 0, 1);

  @TempDir private Path parent;
  private Path folder;
  private HistoryStore store;

  @BeforeEach
  void open() {
    folder = parent.resolve("history");
    store = HistoryStore.in(folder);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() {
    store.close();
    store = HistoryStore.in(folder);
  }

  private void add(Place place, int line, long time, String input, String output) {
    store.add(place, line, time, input, () -> Optional.of(output).filter(text -> !text.isEmpty()));
  }

  private List<String> read(Place place) {
    return store
        .read(
            place,
            (entries, current) ->
                Stream.concat(
                        Stream.of("now " + current),
                        entries.stream()
                            .map(
                                entry ->
                                    entry.session()
                                        + ":"
                                        + entry.line()
                                        + " "
                                        + entry.input()
                                        + entry.output().map(text -> " = " + text).orElse("")))
                    .toList())
        .toCompletableFuture()
        .join();
  }

  @Test
  void entriesSurvive() {
    add(PLACE, 1, 10, "a\nü \uD83D\uDE00", "");
    add(PLACE, 1, 10, "a\nü \uD83D\uDE00", "result");
    add(PLACE, 2, 20, "b", "");
    List<String> before = read(PLACE);
    reopen();

    assertThat(before).containsExactly("now 1", "1:1 a\nü \uD83D\uDE00 = result", "1:2 b");
    assertThat(read(new Place(Optional.empty(), 7, 1)))
        .containsExactly("now 2", "1:1 a\nü \uD83D\uDE00 = result", "1:2 b");
  }

  @Test
  void knownEntriesAreNotKeptTwice() throws IOException {
    add(PLACE, 1, 10, "a", "x");
    add(PLACE, 1, 10, "a", "x");
    add(PLACE, 1, 10, "a", "");
    read(PLACE);

    assertThat(Files.readAllLines(folder.resolve("everybody.jsonl")))
        .containsExactly(
            "{\"session\":1,\"line\":1,\"started\":10,\"input\":\"a\",\"output\":\"x\"}");
  }

  @Test
  void sessionThatOutlivesTheServerKeepsItsNumber() {
    add(PLACE, 1, 10, "a", "");
    add(new Place(Optional.empty(), 1, 1), 1, 11, "other", "");
    reopen();
    add(PLACE, 1, 10, "a", "");
    add(PLACE, 2, 20, "b", "");

    assertThat(read(PLACE)).containsExactly("now 1", "1:1 a", "2:1 other", "1:2 b");
  }

  @Test
  void sessionsAreNumberedByTheirFirstEntry() {
    Place second = new Place(Optional.empty(), 1, 1);
    assertThat(read(PLACE)).containsExactly("now 1");
    add(second, 1, 10, "b", "");
    add(PLACE, 1, 20, "a", "");

    assertThat(read(second)).containsExactly("now 1", "1:1 b", "2:1 a");
    assertThat(read(PLACE)).startsWith("now 2");
    assertThat(read(new Place(Optional.empty(), 0, 2))).startsWith("now 3");
  }

  @Test
  void filesAreTheirOwnersOnly() throws IOException {
    Place evil = new Place(Optional.of("../a b"), 0, 1);
    add(evil, 1, 10, "a", "");
    read(evil);

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files)
          .allSatisfy(
              file ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                      .isEqualTo("rw-------"))
          .extracting(file -> file.getFileName().toString())
          .containsExactlyInAnyOrder("lock", "user-%2E%2E%2Fa+b.jsonl");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
  }

  @Test
  void tornLineIsLeftOut() throws IOException {
    add(PLACE, 1, 10, "a", "");
    store.close();
    Files.writeString(
        folder.resolve("everybody.jsonl"), "{\"session\":1,\"li", StandardOpenOption.APPEND);
    store = HistoryStore.in(folder);
    add(new Place(Optional.empty(), 5, 1), 1, 30, "b", "");
    reopen();

    assertThat(read(PLACE)).containsExactly("now 3", "1:1 a", "2:1 b");
  }

  @Test
  void onlyTheNewestEntriesAreKept() throws IOException {
    int count = 5 * UserHistory.MOST_ENTRIES;
    for (int line = 1; line <= count; line++) {
      add(PLACE, line, line, "x" + line, "");
      if (line % 5_000 == 0) {
        read(PLACE);
      }
    }

    List<String> all = read(PLACE);
    assertThat(all).hasSize(UserHistory.MOST_ENTRIES + 1);
    assertThat(all.get(all.size() - 1)).isEqualTo("1:" + count + " x" + count);
    assertThat(Files.readAllLines(folder.resolve("everybody.jsonl")))
        .hasSizeLessThanOrEqualTo(4 * UserHistory.MOST_ENTRIES);
    reopen();
    assertThat(read(new Place(Optional.empty(), 9, 1)).subList(1, all.size()))
        .isEqualTo(all.subList(1, all.size()));
  }

  @Test
  void folderIsMadeWhenThereIsSomethingToKeep() {
    assertThat(folder).doesNotExist();
    add(PLACE, 1, 10, "a", "");
    read(PLACE);

    assertThat(folder).isDirectory();
  }

  @Test
  void secondServerOnAFolderKeepsItsHistoryToItself() {
    assertThat(read(PLACE)).containsExactly("now 1");
    try (HistoryStore second = HistoryStore.in(folder)) {
      second.add(PLACE, 1, 10, "a", Optional::empty);
      assertThat(
              second.read(PLACE, (entries, current) -> entries.size()).toCompletableFuture().join())
          .isEqualTo(1);
    }

    assertThat(read(PLACE)).containsExactly("now 1");
    assertThat(folder.resolve("everybody.jsonl")).doesNotExist();
  }

  @Test
  void folderThatCannotBeMadeIsDoneWithout() throws IOException {
    Path file = Files.writeString(parent.resolve("file"), "");
    try (HistoryStore other = HistoryStore.in(file.resolve("history"))) {
      other.add(PLACE, 1, 10, "a", Optional::empty);

      assertThat(
              other.read(PLACE, (entries, current) -> entries.size()).toCompletableFuture().join())
          .isEqualTo(1);
    }
  }

  @Test
  void veryLongInputIsNotKept() {
    add(PLACE, 1, 10, "x".repeat(1 << 20), "");
    add(PLACE, 2, 20, "short", "y".repeat(1 << 20));

    List<String> all = read(PLACE);
    assertThat(all).hasSize(2);
    assertThat(all.get(1)).startsWith("1:2 short = yyy").hasSizeLessThan(10_000);
  }
}
