package io.polybius.driver.interpreter;

import io.polybius.magic.MagicException;
import io.polybius.magic.SharedName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** What the languages and the clients of a session share, by name. */
public final class SharedValues {

  private final ConcurrentSkipListMap<String, Entry> entries = new ConcurrentSkipListMap<>();

  private record Entry(String kind, SharedValue value) {}

  /**
   * Shares a value in place of one of the same name.
   *
   * @param kind of the statements of the language that it comes from
   */
  public void put(String name, String kind, SharedValue value) {
    entries.put(name, new Entry(kind, value));
  }

  /** Returns what is shared under a name. */
  public Optional<SharedValue> find(String name) {
    return Optional.ofNullable(entries.get(name)).map(Entry::value);
  }

  /**
   * Returns what is shared under a name.
   *
   * @throws MagicException {@link MagicException#noSuchValue} if nothing is
   */
  public SharedValue get(String name) throws MagicException {
    return find(name)
        .orElseThrow(
            () ->
                new MagicException(
                    MagicException.NAME_ERROR, "Nothing is shared under the name " + name));
  }

  /** Returns all of it, in the order of the names. */
  public List<SharedName> list() {
    return entries.entrySet().stream()
        .map(
            entry ->
                new SharedName(
                    entry.getKey(),
                    entry.getValue().value().type(),
                    entry.getValue().kind(),
                    entry.getValue().value().summary()))
        .toList();
  }
}
