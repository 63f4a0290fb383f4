package io.polybius.session;

import io.polybius.driver.protocol.DriverCommand.AddFilePart;
import io.polybius.driver.protocol.DriverCommand.AddResource;
import io.polybius.driver.protocol.DriverEvent.FilePartTaken;
import io.polybius.driver.protocol.DriverEvent.ResourceAdded;
import io.polybius.driver.protocol.ResourceKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntSupplier;

/**
 * The jars and files that clients add to a session, on their way to its driver. What comes before
 * the driver is ready waits for it. A driver on another machine gets uploaded files in pieces, one
 * file after the other and a few pieces ahead, so that the server holds little of them. Used in the
 * session's tasks only, but for {@link #areUnderWay}.
 */
final class Resources {

  /** How many may be under way in a session. */
  static final int MOST = 100;

  /** How long one may take, with the start of the driver, which may fetch it from far away. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  /** How many pieces of a file may be on their way to a driver. */
  static final int PIECES_AHEAD = 4;

  private final Tasks tasks;
  private final Drivers drivers;
  private final IntSupplier numbers;
  private final StagedFiles files;
  private final CoreThreads threads;
  private final Set<ResourceUpload> uploads = new HashSet<>();
  private final Set<Adding> underWay = new LinkedHashSet<>();
  private final Deque<Delivery> deliveries = new ArrayDeque<>();
  private volatile boolean any;

  /**
   * @param numbers gives each question to a driver its number
   * @param files where uploads are written
   */
  Resources(
      Tasks tasks, Drivers drivers, IntSupplier numbers, StagedFiles files, CoreThreads threads) {
    this.tasks = tasks;
    this.drivers = drivers;
    this.numbers = numbers;
    this.files = files;
    this.threads = threads;
  }

  /** Something that is to be added, and was not yet. */
  private static final class Adding {

    final ResourceKind kind;
    final String uri;
    final Optional<Path> upload;
    final CompletableFuture<Void> result = new CompletableFuture<>();
    boolean begun;
    Runnable clock = () -> {};

    Adding(ResourceKind kind, String uri, Optional<Path> upload) {
      this.kind = kind;
      this.uri = uri;
      this.upload = upload;
    }
  }

  /** Returns whether any client is uploading or adding something. */
  boolean areUnderWay() {
    return any;
  }

  /**
   * Adds what is at a URI.
   *
   * @param ready whether the driver is
   */
  CompletionStage<Void> add(ResourceKind kind, String uri, boolean ready) {
    refuseTooMany();
    return add(new Adding(kind, uri, Optional.empty()), ready);
  }

  /**
   * Adds a file that was uploaded, which is removed when the driver has no need of it.
   *
   * @param ready whether the driver is
   */
  CompletionStage<Void> addFile(ResourceKind kind, Path file, boolean ready) {
    return add(new Adding(kind, file.toUri().toString(), Optional.of(file)), ready);
  }

  private CompletionStage<Void> add(Adding adding, boolean ready) {
    underWay.add(adding);
    count();
    adding.clock =
        tasks.later(
            PATIENCE,
            () ->
                fail(
                    adding,
                    ErrorCode.RESOURCE_FAILED,
                    "The driver has not added it within " + PATIENCE.toSeconds() + " s."));
    if (ready) {
      begin(adding);
    }
    return adding.result;
  }

  /**
   * Begins an upload.
   *
   * @param upload is to be told to {@link #forget} when it is closed
   */
  void begin(ResourceUpload upload) {
    refuseTooMany();
    uploads.add(upload);
    count();
  }

  /** An upload has ended; perhaps its file is being added. */
  void forget(ResourceUpload upload) {
    uploads.remove(upload);
    count();
  }

  private void refuseTooMany() {
    if (uploads.size() + underWay.size() >= MOST) {
      throw new SessionException(
          ErrorCode.TOO_MANY_WAITING,
          "Too many files are being added to this session; send more when some have arrived.");
    }
  }

  private void count() {
    any = !uploads.isEmpty() || !underWay.isEmpty();
  }

  /** The driver is ready; what waited for it begins. */
  void driverReady() {
    List.copyOf(underWay).forEach(this::begin);
  }

  private void begin(Adding adding) {
    if (adding.begun) {
      return;
    }
    adding.begun = true;
    if (adding.upload.isPresent() && !drivers.shareFiles()) {
      deliveries.add(new Delivery(adding, adding.upload.get()));
      deliverNext();
    } else {
      tell(adding, adding.uri);
    }
  }

  private void tell(Adding adding, String uri) {
    int number = numbers.getAsInt();
    CompletionStage<Void> unused =
        drivers
            .ask(
                number,
                new AddResource(number, adding.kind, uri),
                Optional.of(PATIENCE),
                ResourceAdded.class)
            .thenAccept(answer -> answer.ifPresent(told -> added(adding, told)));
  }

  private void added(Adding adding, ResourceAdded answer) {
    if (!answer.error().isEmpty()) {
      fail(adding, ErrorCode.RESOURCE_FAILED, answer.error());
    } else if (remove(adding)) {
      tasks.afterwards(() -> adding.result.complete(null));
      if (!drivers.shareFiles()) {
        // The driver has a copy of its own.
        discard(adding);
      }
    }
  }

  private void fail(Adding adding, ErrorCode code, String why) {
    fail(adding, new SessionException(code, why));
  }

  private void fail(Adding adding, SessionException why) {
    if (remove(adding)) {
      tasks.afterwards(() -> adding.result.completeExceptionally(why));
      discard(adding);
      deliverNext();
    }
  }

  /** Returns whether it was still under way. */
  private boolean remove(Adding adding) {
    boolean was = underWay.remove(adding);
    adding.clock.run();
    count();
    return was;
  }

  private void discard(Adding adding) {
    adding.upload.ifPresent(file -> threads.onDisk(() -> files.discard(file)));
  }

  /** Ends all of them, because their driver is about to go. */
  void endAll(SessionException why) {
    List.copyOf(uploads).forEach(upload -> tasks.afterwards(() -> upload.end(why)));
    List.copyOf(underWay).forEach(adding -> fail(adding, why));
  }

  /** Removes all uploaded files; there are to be no more of them. */
  void removeFiles() {
    threads.onDisk(files::close);
  }

  // ---- pieces

  /** Goes on with the first file that is still wanted, if any. */
  private void deliverNext() {
    while (!deliveries.isEmpty() && deliveries.element().isOver()) {
      Delivery over = deliveries.remove();
      threads.onDisk(over::closeFile);
    }
    if (!deliveries.isEmpty()) {
      deliveries.element().readOn();
    }
  }

  /** A file that is sent to the driver in pieces; all but what says otherwise is in tasks. */
  private final class Delivery {

    private final Adding adding;
    private final Path file;
    private final String folder = UUID.randomUUID().toString();
    private int onTheirWay;
    private boolean reading;
    private boolean begun;
    private boolean read;
    private boolean delivered;
    private String uri = "";

    /** Used on threads of the disk, one after the other. */
    private Optional<InputStream> stream = Optional.empty();

    Delivery(Adding adding, Path file) {
      this.adding = adding;
      this.file = file;
    }

    boolean isOver() {
      return delivered || !underWay.contains(adding);
    }

    void readOn() {
      if (!reading && !read && onTheirWay < PIECES_AHEAD) {
        reading = true;
        threads.onDisk(this::readPiece);
      }
    }

    /** On a thread of the disk. */
    private synchronized void readPiece() {
      try {
        if (stream.isEmpty()) {
          stream = Optional.of(Files.newInputStream(file));
        }
        byte[] piece = stream.get().readNBytes(AddFilePart.MAX_BYTES);
        tasks.run(() -> send(piece));
      } catch (IOException e) {
        tasks.run(() -> notRead(e));
      }
    }

    private void notRead(IOException e) {
      if (!isOver()) {
        fail(adding, StagedFiles.notRead(e));
      }
    }

    /** On a thread of the disk. */
    synchronized void closeFile() {
      try {
        if (stream.isPresent()) {
          stream.get().close();
        }
      } catch (IOException e) {
        // It was only read.
      }
      stream = Optional.empty();
    }

    private void send(byte[] piece) {
      reading = false;
      if (isOver()) {
        // Perhaps it was opened after its end.
        threads.onDisk(this::closeFile);
        return;
      }
      read = piece.length < AddFilePart.MAX_BYTES;
      if (piece.length > 0 || !begun) {
        begun = true;
        onTheirWay++;
        int number = numbers.getAsInt();
        CompletionStage<Void> unused =
            drivers
                .ask(
                    number,
                    new AddFilePart(number, folder, file.getFileName().toString(), piece),
                    Optional.of(PATIENCE),
                    FilePartTaken.class)
                .thenAccept(answer -> answer.ifPresent(this::taken));
        readOn();
      } else if (onTheirWay == 0) {
        end();
      }
    }

    private void taken(FilePartTaken answer) {
      onTheirWay--;
      if (isOver()) {
        return;
      }
      if (!answer.error().isEmpty()) {
        fail(adding, ErrorCode.RESOURCE_FAILED, answer.error());
        return;
      }
      uri = answer.uri();
      if (read && onTheirWay == 0) {
        end();
      } else {
        readOn();
      }
    }

    private void end() {
      delivered = true;
      tell(adding, uri);
      deliverNext();
    }
  }
}
