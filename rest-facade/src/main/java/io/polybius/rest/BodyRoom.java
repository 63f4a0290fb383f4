package io.polybius.rest;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Room in the server's memory for the large bodies of all requests. A request whose body finds none
 * waits until those before it have gone; meanwhile its client is not read from, and keeps the body.
 * Safe for use by many threads.
 */
final class BodyRoom {

  /** Bodies up to this length do not wait: nobody sends so many of them at a time. */
  static final long SMALL = 1 << 20;

  private final long most;

  // Guarded by this:
  private final Deque<Place> waiting = new ArrayDeque<>();
  private long taken;

  /**
   * @param most how many bytes there is room for; a body that is longer has it for itself
   */
  BodyRoom(long most) {
    this.most = most;
  }

  /** Makes one of a quarter of the memory. */
  static BodyRoom ofThisProcess() {
    return new BodyRoom(Runtime.getRuntime().maxMemory() / 4);
  }

  /**
   * Takes room, as soon as there is any.
   *
   * @param bytes how long the body may become
   * @param then called when the room is there: at once, or later, by whoever has given some back
   * @return is to be closed when the body is needed no more, also while it waits
   */
  Place take(long bytes, Runnable then) {
    Place place = new Place(Math.min(bytes, most), then);
    synchronized (this) {
      waiting.add(place);
    }
    letIn();
    return place;
  }

  private void letIn() {
    for (Place next = nextLetIn(); next != null; next = nextLetIn()) {
      next.then.run();
    }
  }

  private synchronized Place nextLetIn() {
    Place first = waiting.peek();
    if (first == null || taken + first.bytes > most) {
      return null;
    }
    taken += first.bytes;
    first.isIn = true;
    return waiting.remove();
  }

  private synchronized void shrink(Place place, long bytes) {
    if (place.isIn && bytes < place.bytes) {
      taken -= place.bytes - bytes;
      place.bytes = bytes;
    }
  }

  private synchronized void leave(Place place) {
    waiting.remove(place);
    if (place.isIn) {
      place.isIn = false;
      taken -= place.bytes;
    }
  }

  /** The room of one body, or its place among those that wait for it. */
  final class Place implements AutoCloseable {

    private final Runnable then;

    // Guarded by the room:
    private long bytes;
    private boolean isIn;

    private Place(long bytes, Runnable then) {
      this.bytes = bytes;
      this.then = then;
    }

    /** Gives back what the body does not take, as is known when all of it has come. */
    void shrink(long length) {
      BodyRoom.this.shrink(this, length);
      letIn();
    }

    /** Gives the room back; does nothing the second time. */
    @Override
    public void close() {
      leave(this);
      letIn();
    }
  }
}
