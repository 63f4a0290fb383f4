package io.polybius.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of a kernel's open requests. */
class KernelJournalTest {

  @TempDir private Path folder;
  private final RecordingConnection client = new RecordingConnection("client");

  @Test
  void fileOfRequestsStaysSmallThoughOneIsAlwaysOpen() throws Exception {
    Path in = Files.createDirectory(folder.resolve("kernel"));
    KernelJournal journal = new KernelJournal(in);
    journal.begin(new KernelJournal.Identity("id", "polybius-scala", 0, true, "header", -1, false));
    journal.received("first", request("first"));
    for (int i = 0; i < 2_000; i++) {
      journal.received("r" + i, request("code " + i));
      journal.answered("r" + i);
    }
    journal.received("last", request("last"));
    journal.leave();

    assertThat(Files.size(in.resolve("requests"))).isLessThan(100_000);
    assertThat(new KernelJournal(in).open().keySet()).containsExactly("first", "last");
  }

  private Request request(String code) {
    return new Request(client.cell(code), client);
  }
}
