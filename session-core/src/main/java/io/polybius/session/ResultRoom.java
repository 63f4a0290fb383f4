package io.polybius.session;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Room in the server's memory for what the jobs of all sessions have returned. When there is too
 * little, the session that holds most of it gives up its oldest. Safe for use by many threads.
 */
final class ResultRoom {

  /** One that keeps results. */
  interface Holder {

    /** Has the oldest of them be given up soon, if the room is still overfull then. */
    void giveUpOldest();
  }

  private final long most;

  // Guarded by this:
  private final Map<Holder, Long> held = new HashMap<>();
  private long taken;

  /**
   * @param most how many bytes there is room for; no less than one result may have
   */
  ResultRoom(long most) {
    this.most = most;
  }

  /** Notes how many bytes somebody holds now. */
  void holds(Holder holder, long bytes) {
    Optional<Holder> largest;
    synchronized (this) {
      Long before = bytes == 0 ? held.remove(holder) : held.put(holder, bytes);
      taken += bytes - (before == null ? 0 : before);
      largest =
          isOverfull()
              ? held.entrySet().stream()
                  .max(Comparator.comparingLong(Map.Entry::getValue))
                  .map(Map.Entry::getKey)
              : Optional.empty();
    }
    largest.ifPresent(Holder::giveUpOldest);
  }

  /** Returns how many bytes all hold. */
  synchronized long held() {
    return taken;
  }

  /** Returns whether more is held than there is room for. */
  synchronized boolean isOverfull() {
    return taken > most;
  }
}
