package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.databind.node.NullNode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What comes for one request to run something, in order, for the thread that waits for it. */
final class KernelRun {

  /** Wakes the one who waits. */
  private static final Event END =
      new Event(Channel.IOPUB, new KernelMessage("", "", NullNode.instance));

  private final String id;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

  /** A message, and where it came from. */
  record Event(Channel channel, KernelMessage message) {}

  KernelRun(String id) {
    this.id = id;
  }

  /** Returns the id of the request. */
  String id() {
    return id;
  }

  void add(Channel channel, KernelMessage message) {
    events.add(new Event(channel, message));
  }

  /** The process has ended. */
  void end() {
    events.add(END);
  }

  /** Returns what comes next; nothing if that takes longer. */
  Optional<Event> next(Duration patience) throws InterruptedException {
    return Optional.ofNullable(events.poll(patience.toMillis(), TimeUnit.MILLISECONDS));
  }
}
