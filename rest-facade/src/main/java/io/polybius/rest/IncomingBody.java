package io.polybius.rest;

import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;
import org.xnio.channels.StreamSourceChannel;

/**
 * The body of a request that may be too long to be held in memory: its reader takes it as it comes.
 * That happens on worker threads, one at a time, because readers may write to a disk; while nothing
 * comes, no thread waits for it. A client that sends too little for a while is given up.
 */
final class IncomingBody {

  /** Takes what comes. */
  interface Reader {

    /** Returns where the next bytes are to be put. */
    ByteBuffer room();

    /** Takes them from there. What it throws ends the reading. */
    void read();
  }

  /** So much has to come between two looks at the progress. */
  static final int LEAST_PROGRESS = 64 << 10;

  /** After so many reads, other requests get the thread. */
  private static final int READS_AT_A_TIME = 64;

  private final HttpServerExchange exchange;
  private final Duration patience;
  private final CompletableFuture<Void> result = new CompletableFuture<>();
  private final AtomicInteger wakeUps = new AtomicInteger();
  private volatile Optional<Throwable> end = Optional.empty();
  private volatile boolean clientGone;
  private volatile long received;

  /** Set when all is set that reading needs. */
  private volatile StreamSourceChannel channel;

  private Reader reader;
  private long mostBytes;

  /** Used on the IO thread. */
  private long receivedBefore;

  private Optional<XnioExecutor.Key> clock = Optional.empty();

  /**
   * @param patience for each {@link #LEAST_PROGRESS}, or the end
   */
  IncomingBody(HttpServerExchange exchange, Duration patience) {
    this.exchange = exchange;
    this.patience = patience;
    // The listener's limit is for bodies that are held in memory. Of a body that is refused, the
    // rest is read and thrown away for a while, so that its client comes to read the answer.
    exchange.setMaxEntitySize(Long.MAX_VALUE);
  }

  /** Returns how long the body is, or -1 if the client has not said so. */
  long length() {
    return exchange.getRequestContentLength();
  }

  /** Returns what the client says that it is. */
  Optional<String> contentType() {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(Headers.CONTENT_TYPE));
  }

  /** Returns whether there is nobody any more who could be answered. */
  boolean isClientGone() {
    return clientGone;
  }

  /**
   * Begins to read. To be called once. A client that waits for a sign to send its body gets it now.
   *
   * @param mostBytes how long the body may be
   * @return completes, when nothing is read any more, with what has ended the reading if it was not
   *     the end of the body
   */
  CompletionStage<Void> read(Reader taker, long mostBytes) {
    this.reader = taker;
    this.mostBytes = mostBytes;
    StreamSourceChannel source = exchange.getRequestChannel();
    source
        .getReadSetter()
        .set(
            readable -> {
              readable.suspendReads();
              wakeUp();
            });
    channel = source;
    exchange.getIoThread().execute(this::watch);
    wakeUp();
    return result;
  }

  /** Ends the reading; without effect if it has ended. */
  void end(Throwable why) {
    end = Optional.of(why);
    if (channel != null) {
      wakeUp();
    }
  }

  /** On the IO thread. */
  private void watch() {
    if (result.isDone()) {
      return;
    }
    clock =
        Optional.of(
            exchange
                .getIoThread()
                .executeAfter(this::look, patience.toMillis(), TimeUnit.MILLISECONDS));
  }

  private void look() {
    long now = received;
    if (now - receivedBefore < LEAST_PROGRESS) {
      end(RejectedRequestException.bodyTooSlow(patience));
    } else {
      receivedBefore = now;
      watch();
    }
  }

  /** Whoever makes it the first wake-up has a thread work for as long as there are others. */
  private void wakeUp() {
    if (wakeUps.getAndIncrement() == 0) {
      work();
    }
  }

  private void work() {
    try {
      exchange.getConnection().getWorker().execute(this::readWhatIsThere);
    } catch (RejectedExecutionException e) {
      // The server ends.
      gone(e);
    }
  }

  private void readWhatIsThere() {
    int seen;
    do {
      seen = wakeUps.get();
      if (isThereMore()) {
        work();
        return;
      }
    } while (!wakeUps.compareAndSet(seen, 0));
  }

  /** Returns whether it is this thread's time, and not the body, that has ended. */
  private boolean isThereMore() {
    if (result.isDone()) {
      return false;
    }
    try {
      for (int reads = 0; reads < READS_AT_A_TIME; reads++) {
        if (end.isPresent()) {
          ended(() -> result.completeExceptionally(end.get()));
          return false;
        }
        int count = channel.read(reader.room());
        if (count < 0) {
          ended(() -> result.complete(null));
          return false;
        } else if (count == 0) {
          channel.resumeReads();
          return false;
        }
        received += count;
        if (received > mostBytes) {
          throw RejectedRequestException.uploadTooLarge(mostBytes);
        }
        reader.read();
      }
      return true;
    } catch (IOException e) {
      gone(e);
    } catch (RuntimeException | Error e) {
      ended(() -> result.completeExceptionally(e));
    }
    return false;
  }

  private void gone(Exception e) {
    clientGone = true;
    IoUtils.safeClose(exchange.getConnection());
    ended(() -> result.completeExceptionally(e));
  }

  private void ended(Runnable tell) {
    channel.suspendReads();
    exchange.getIoThread().execute(() -> clock.ifPresent(XnioExecutor.Key::remove));
    tell.run();
  }
}
