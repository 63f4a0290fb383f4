package io.polybius.session;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.IntFunction;

/**
 * The sessions, or the batches, of a server: each has a number, which is never used twice, and
 * perhaps a name. Safe for use by many threads.
 *
 * @param <T> what they are
 */
final class Registry<T> {

  private record Entry<T>(T element, Optional<String> name) {}

  private final Map<Integer, Entry<T>> byId = new ConcurrentSkipListMap<>();
  private final Map<String, T> byName = new ConcurrentHashMap<>();

  /** Guarded by this, like the adding of elements. */
  private int nextId;

  private boolean closed;

  /**
   * Adds what is made for the next number.
   *
   * @throws SessionException if the name cannot be used, which costs the number, or if the registry
   *     is closed
   */
  synchronized T add(Optional<String> name, IntFunction<T> make) {
    if (closed) {
      throw SessionException.shuttingDown();
    }
    name.ifPresent(Registry::checkName);
    int id = nextId++;
    if (name.isPresent() && byName.containsKey(name.get())) {
      throw new SessionException(
          ErrorCode.DUPLICATE_NAME,
          "Duplicate session name: Some(" + name.get() + ") for session " + id);
    }
    T element = make.apply(id);
    byId.put(id, new Entry<>(element, name));
    name.ifPresent(text -> byName.put(text, element));
    return element;
  }

  /** Adds an element that had its number, and perhaps a name, before; the next number is higher. */
  synchronized void restore(int id, Optional<String> name, T element) {
    byId.put(id, new Entry<>(element, name));
    name.ifPresent(text -> byName.put(text, element));
    startAt(id + 1);
  }

  /** Gives no number below that one any more. */
  synchronized void startAt(int id) {
    nextId = Math.max(nextId, id);
  }

  /** Removes the element of that number; returns whether there was one. */
  synchronized boolean remove(int id) {
    Entry<T> removed = byId.remove(id);
    if (removed == null) {
      return false;
    }
    removed.name().ifPresent(byName::remove);
    return true;
  }

  /** Takes no more elements; returns false if that was so already. */
  synchronized boolean close() {
    boolean first = !closed;
    closed = true;
    return first;
  }

  /** Returns all elements in the order of their numbers. */
  List<T> all() {
    return byId.values().stream().map(Entry::element).toList();
  }

  /**
   * Returns the element of that number, or of that name if it is none.
   *
   * @throws SessionException if there is none
   */
  T find(String idOrName) {
    boolean isNumber = idOrName.chars().allMatch(c -> c >= '0' && c <= '9');
    Optional<T> found = isNumber ? numbered(idOrName) : Optional.ofNullable(byName.get(idOrName));
    return found.orElseThrow(
        () ->
            new SessionException(
                ErrorCode.SESSION_NOT_FOUND, "Session '" + idOrName + "' not found."));
  }

  /** Returns the element of that number, if there is one. */
  Optional<T> numbered(int id) {
    return Optional.ofNullable(byId.get(id)).map(Entry::element);
  }

  private Optional<T> numbered(String digits) {
    try {
      return numbered(Integer.parseInt(digits));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static void checkName(String name) {
    if (name.isEmpty() || name.chars().allMatch(Character::isDigit)) {
      throw new SessionException(ErrorCode.BAD_NAME, "Invalid session name: " + name);
    }
  }
}
