package io.polybius.kernel.http;

import io.polybius.kernel.http.WireForm.Frame;
import io.polybius.kernel.wire.Header;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What waits to be sent to one client, which may be away or slow. When it becomes too much, the
 * oldest output goes first, with a note in its place: without a reply or a status the client would
 * wait forever. Used under a lock.
 */
final class Backlog {

  private final long maxBytes;
  private final int maxMessages;
  private final Function<Header, Frame> note;
  private final Deque<Entry> entries = new ArrayDeque<>();
  private final Set<String> noted = new HashSet<>();
  private long bytes;

  /**
   * A message that waits.
   *
   * @param frame the message as it goes out
   * @param outputOf the request whose output it is, if it can be done without
   * @param isPrinted whether it is nothing but printed text
   * @param endsRequest whether the client waits for it to see a request end; getting it twice does
   *     no harm
   * @param number its number in the client's {@link SeatLog}; 0 if another one comes with it
   */
  record Entry(
      Frame frame,
      Optional<Header> outputOf,
      boolean isPrinted,
      boolean endsRequest,
      long number) {}

  /**
   * Makes one in which nothing waits.
   *
   * @param maxBytes how much may wait
   * @param maxMessages how many messages may wait
   * @param note makes the message that says that output of a request is missing
   */
  Backlog(long maxBytes, int maxMessages, Function<Header, Frame> note) {
    this.maxBytes = maxBytes;
    this.maxMessages = maxMessages;
    this.note = note;
  }

  /** Adds a message behind all others. */
  void add(Entry entry) {
    entries.add(entry);
    bytes += entry.frame().size();
  }

  /** Puts a message back before all others. */
  void addFirst(Entry entry) {
    entries.addFirst(entry);
    bytes += entry.frame().size();
  }

  /** Takes the oldest message, if there is one. */
  Optional<Entry> take() {
    Entry oldest = entries.poll();
    if (oldest != null) {
      bytes -= oldest.frame().size();
    }
    if (entries.isEmpty()) {
      noted.clear();
    }
    return Optional.ofNullable(oldest);
  }

  /** Returns the numbers of the messages that wait. */
  Set<Long> numbers() {
    return entries.stream().map(Entry::number).collect(Collectors.toCollection(HashSet::new));
  }

  /** Drops everything. */
  void clear() {
    entries.clear();
    noted.clear();
    bytes = 0;
  }

  /** Returns whether there is more than may wait. */
  boolean isFull() {
    return bytes > maxBytes || entries.size() > maxMessages;
  }

  /** Drops output, printed text before anything else and the oldest first, until half is free. */
  void dropOutput() {
    dropOutput(true);
    dropOutput(false);
  }

  private void dropOutput(boolean onlyPrinted) {
    Deque<Entry> kept = new ArrayDeque<>();
    while (!entries.isEmpty()
        && (bytes > maxBytes / 2 || entries.size() + kept.size() > maxMessages / 2)) {
      Entry entry = entries.remove();
      boolean goes = entry.outputOf().isPresent() && (entry.isPrinted() || !onlyPrinted);
      Optional<Entry> stays = goes ? noteFor(entry) : Optional.of(entry);
      stays.ifPresent(kept::add);
      bytes += stays.map(staying -> staying.frame().size()).orElse(0) - entry.frame().size();
    }
    while (!kept.isEmpty()) {
      entries.addFirst(kept.removeLast());
    }
  }

  /** One for each request is enough, however much of its output goes. */
  private Optional<Entry> noteFor(Entry dropped) {
    return dropped
        .outputOf()
        .filter(request -> noted.add(request.messageId()))
        .map(request -> new Entry(note.apply(request), Optional.empty(), false, false, 0));
  }
}
