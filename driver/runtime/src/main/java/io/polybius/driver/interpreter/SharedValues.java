package io.polybius.driver.interpreter;

import io.polybius.magic.MagicException;
import io.polybius.magic.SharedName;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Pattern;

/** What the languages and the clients of a session share, by name. */
public final class SharedValues {

  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");

  /** How many objects of jobs are kept, as in Livy; those that were not used for longest go. */
  static final int MAX_REFERENCES = 100;

  private final ConcurrentSkipListMap<String, Entry> entries = new ConcurrentSkipListMap<>();

  /** The names of the objects of jobs, those last that were used last; guarded by itself. */
  private final LinkedHashSet<String> references = new LinkedHashSet<>();

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
    synchronized (references) {
      references.remove(name);
      entries.put(name, new Entry(kind, value));
    }
  }

  /**
   * Shares an object of a job in place of what has the same name. Any name will do, but only names
   * of variables can be used in all languages.
   *
   * @param kind of the job
   */
  public void putReference(String name, String kind, Object object) {
    putObject(name, kind, new SharedValue.Reference(object));
  }

  /** Does the same with an object of another process. */
  public void putForeign(String name, String kind, SharedValue.Foreign object) {
    putObject(name, kind, object);
  }

  private void putObject(String name, String kind, SharedValue object) {
    synchronized (references) {
      entries.put(name, new Entry(kind, object));
      used(name);
      while (references.size() > MAX_REFERENCES) {
        String eldest = references.iterator().next();
        references.remove(eldest);
        entries.computeIfPresent(eldest, (key, entry) -> isObject(entry.value()) ? null : entry);
      }
    }
  }

  private static boolean isObject(SharedValue value) {
    return value instanceof SharedValue.Reference || value instanceof SharedValue.Foreign;
  }

  /** Returns the numbers of the objects of a process that are shared. */
  public List<Long> numbersOf(Object holder) {
    return entries.values().stream()
        .filter(entry -> isOf(entry.value(), holder))
        .map(entry -> ((SharedValue.Foreign) entry.value()).number())
        .toList();
  }

  /** The objects of a process are gone with it. */
  public void forget(Object holder) {
    synchronized (references) {
      entries.values().removeIf(entry -> isOf(entry.value(), holder));
      references.retainAll(entries.keySet());
    }
  }

  private static boolean isOf(SharedValue value, Object holder) {
    return value instanceof SharedValue.Foreign foreign && foreign.holder() == holder;
  }

  private void used(String name) {
    references.remove(name);
    references.add(name);
  }

  /** Shares something no longer. Returns what it was. */
  public Optional<SharedValue> remove(String name) {
    synchronized (references) {
      references.remove(name);
      return Optional.ofNullable(entries.remove(name)).map(Entry::value);
    }
  }

  /** Returns whether every language can have a variable of that name. */
  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** Returns what is shared under a name. */
  public Optional<SharedValue> find(String name) {
    synchronized (references) {
      Optional<SharedValue> found = Optional.ofNullable(entries.get(name)).map(Entry::value);
      if (found.isPresent() && isObject(found.get())) {
        used(name);
      }
      return found;
    }
  }

  /**
   * Returns what is shared under a name, which can be an object of a job; of one in another process
   * a copy.
   *
   * @throws MagicException if nothing is
   */
  SharedValue getAsItIs(String name) throws MagicException {
    SharedValue found =
        find(name)
            .orElseThrow(
                () ->
                    new MagicException(
                        MagicException.NAME_ERROR, "Nothing is shared under the name " + name));
    return found instanceof SharedValue.Foreign foreign ? foreign.copier().copy() : found;
  }

  /**
   * Returns what is shared under a name, in a form that all languages understand.
   *
   * @throws MagicException if nothing is, or it is an object that has no such form
   */
  public SharedValue get(String name) throws MagicException {
    return ScalaValues.plainForm(getAsItIs(name));
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
