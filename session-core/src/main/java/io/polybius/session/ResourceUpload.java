package io.polybius.session;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A file on its way from a client to a session. It is written to the server's disk as it comes, and
 * given to the driver when it is whole. Safe for use by many threads, of which one at a time
 * writes; the session can end it at any time.
 */
public final class ResourceUpload implements AutoCloseable {

  private final StagedFiles files;
  private final Function<Path, CompletionStage<Void>> add;
  private final Consumer<ResourceUpload> onClose;

  // Guarded by this, which is held while the disk writes:
  private Optional<Path> file = Optional.empty();
  private Optional<SeekableByteChannel> channel = Optional.empty();

  /** Of what follows; so the session need not wait for the disk to end the upload. */
  private final Object state = new Object();

  private Optional<SessionException> failure = Optional.empty();
  private Runnable listener = () -> {};
  private boolean closed;

  /**
   * @param files where it is written
   * @param add gives the whole file to the driver, and sees to it that it is removed
   * @param onClose told when nothing more is written, however it ended
   */
  ResourceUpload(
      StagedFiles files,
      Function<Path, CompletionStage<Void>> add,
      Consumer<ResourceUpload> onClose) {
    this.files = files;
    this.add = add;
    this.onClose = onClose;
  }

  /**
   * Begins the file. To be called once, before anything is written.
   *
   * @param clientsName what the client calls it; folders in that are left out
   * @throws SessionException if it cannot have that name, or the disk does not take it
   */
  public synchronized void begin(String clientsName) {
    refuseEnded();
    file = Optional.of(files.create(clientsName));
    try {
      channel = Optional.of(Files.newByteChannel(file.get(), StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw StagedFiles.notStored(e);
    }
  }

  /**
   * Writes all of the next piece.
   *
   * @throws SessionException if the disk does not take it, or the session has ended the upload
   */
  public synchronized void write(ByteBuffer bytes) {
    refuseEnded();
    try {
      while (bytes.hasRemaining()) {
        channel.orElseThrow().write(bytes);
      }
    } catch (IOException e) {
      throw StagedFiles.notStored(e);
    }
  }

  /**
   * Gives the file to the driver, for nothing more is to be written.
   *
   * @return completes when the session's code can use it; fails with {@link SessionException}
   * @throws SessionException if the disk does not take it, or the session has ended the upload
   */
  public CompletionStage<Void> finish() {
    Path whole;
    synchronized (this) {
      refuseEnded();
      closeFile();
      whole = file.orElseThrow();
      // From now on it is the session's.
      file = Optional.empty();
    }
    CompletionStage<Void> added = add.apply(whole);
    close();
    return added;
  }

  /**
   * Sets who is told when the session ends the upload.
   *
   * @param onEnd must return quickly; called from several threads
   */
  public void setListener(Runnable onEnd) {
    boolean over;
    synchronized (state) {
      listener = onEnd;
      over = failure.isPresent();
    }
    if (over) {
      onEnd.run();
    }
  }

  /** Returns why the session has ended the upload, if it has. */
  public Optional<SessionException> failure() {
    synchronized (state) {
      return failure;
    }
  }

  /** The session wants it no more. Does not wait for the disk. */
  void end(SessionException why) {
    Runnable told;
    synchronized (state) {
      if (closed || failure.isPresent()) {
        return;
      }
      failure = Optional.of(why);
      told = listener;
    }
    told.run();
  }

  private void refuseEnded() {
    synchronized (state) {
      failure.ifPresent(
          why -> {
            throw why;
          });
      if (closed) {
        throw new IllegalStateException("the upload is closed");
      }
    }
  }

  private void closeFile() {
    try {
      if (channel.isPresent()) {
        channel.get().close();
      }
    } catch (IOException e) {
      // Some file systems only say now that the disk is full.
      throw StagedFiles.notStored(e);
    } finally {
      channel = Optional.empty();
    }
  }

  /** Ends it, and removes what there is of a file that was not finished. May be called again. */
  @Override
  public void close() {
    synchronized (state) {
      if (closed) {
        return;
      }
      closed = true;
      listener = () -> {};
    }
    synchronized (this) {
      try {
        closeFile();
      } catch (SessionException e) {
        // It is removed anyway.
      }
      file.ifPresent(files::discard);
      file = Optional.empty();
    }
    onClose.accept(this);
  }
}
