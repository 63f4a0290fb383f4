package io.polybius.driver.interpreter;

import io.polybius.magic.MagicException;
import io.polybius.magic.SharedName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Pattern;

/** What the languages and the clients of a session share, by name. */
public final class SharedValues {

  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");

  private final ConcurrentSkipListMap<String, Entry> entries = new ConcurrentSkipListMap<>();

  private record Entry(String kind, SharedValue value) {}

  /**
   * Shares a value in place of one of the same name.
   *
   * @param kind of the statements of the language that it comes from
   * @throws IllegalArgumentException if that is no name that every language can have
   */
  public void put(String name, String kind, SharedValue value) {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "Not a name: " + name + "; it has letters, digits and _, and begins with no digit");
    }
    entries.put(name, new Entry(kind, value));
  }

  /** Returns whether every language can have a variable of that name. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
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
