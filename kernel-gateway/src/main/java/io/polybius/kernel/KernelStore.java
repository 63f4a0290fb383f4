package io.polybius.kernel;

import io.polybius.kernel.KernelJournal.Identity;
import io.polybius.kernel.files.OwnerOnly;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where kernels are kept, so that they outlive the server: a folder for each. What is written is
 * safe as soon as the operating system has it.
 */
public final class KernelStore {

  private static final Logger log = LoggerFactory.getLogger(KernelStore.class);

  private final Path folder;

  /**
   * Makes a store.
   *
   * @param folder where, used by no other server; made if it is missing, for its owner only
   */
  public KernelStore(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder, OwnerOnly.folder());
  }

  /** Returns what an earlier server has left; what cannot be read is removed. */
  List<KernelJournal> left() {
    List<KernelJournal> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
      for (Path entry : entries) {
        KernelJournal journal = new KernelJournal(entry);
        if (journal.isReadable()) {
          found.add(journal);
        } else {
          journal.delete();
        }
      }
    } catch (IOException e) {
      log.error("the kernels of before cannot be found", e);
    }
    return found;
  }

  /** Begins to keep a kernel. */
  KernelJournal begin(Identity identity) {
    KernelJournal journal = new KernelJournal(folder.resolve(identity.id()));
    journal.begin(identity);
    return journal;
  }
}
