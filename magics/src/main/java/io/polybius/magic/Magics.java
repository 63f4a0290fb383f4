package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** The magics of one session: understands what a user wrote, and runs it. */
public final class Magics {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*");
  private static final int MAX_FAILURES = 20;

  /** Also by other names; grows while others read it. */
  private final NavigableMap<String, Magic> byName = new ConcurrentSkipListMap<>();

  private final List<MagicGroup> builtin = BuiltinMagics.all(this::groups);

  private Magics() {
    builtin.stream().flatMap(group -> group.magics().stream()).forEach(this::register);
  }

  /** Returns the built-in magics. */
  public static Magics builtin() {
    return new Magics();
  }

  /**
   * Returns the built-in magics and those that a class loader finds as services. One that cannot be
   * loaded, or whose name is wrong or taken, is left out.
   *
   * @param loader sees the jars of the session
   * @param problems gets a line for each magic that was left out
   */
  public static Magics load(ClassLoader loader, Consumer<String> problems) {
    Magics magics = new Magics();
    magics.addFrom(loader, problems);
    return magics;
  }

  /**
   * Adds those that a class loader finds as services and that are not there yet.
   *
   * @param loader sees the jars of the session
   * @param problems gets a line for each magic that was left out
   */
  public void addFrom(ClassLoader loader, Consumer<String> problems) {
    var found = ServiceLoader.load(Magic.class, loader).iterator();
    // A class loader that cannot even list its services fails the same way for ever.
    for (int failures = 0; failures < MAX_FAILURES; ) {
      try {
        if (!found.hasNext()) {
          break;
        }
        add(found.next(), problems);
      } catch (ServiceConfigurationError | RuntimeException e) {
        failures++;
        problems.accept("A magic could not be loaded: " + e.getMessage());
      }
    }
  }

  private void add(Magic magic, Consumer<String> problems) {
    String name = magic.name();
    Optional<Magic> other = find(name);
    if (!NAME.matcher(name).matches()) {
      problems.accept("Not a name for a magic: " + name + " (" + magic.getClass().getName() + ")");
    } else if (other.isEmpty()) {
      register(magic);
    } else if (!other.get().getClass().equals(magic.getClass())) {
      problems.accept("There is another %" + name + "; left out " + magic.getClass().getName());
    }
  }

  private void register(Magic magic) {
    byName.put(magic.name(), magic);
    magic.aliases().forEach(alias -> byName.putIfAbsent(key(alias), magic));
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /** Returns all magics in the order of their names. */
  public List<Magic> all() {
    return byName.entrySet().stream()
        .filter(entry -> entry.getValue().name().equals(entry.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }

  /** Returns the names that can be written, also those that mean the same. */
  public List<String> names() {
    return List.copyOf(byName.keySet());
  }

  /** Returns the magics by what they are about. */
  private List<MagicGroup> groups() {
    List<MagicGroup> groups = new ArrayList<>(builtin);
    List<Magic> others = new ArrayList<>(all());
    builtin.forEach(group -> others.removeAll(group.magics()));
    if (!others.isEmpty()) {
      groups.add(new MagicGroup("From jars", others));
    }
    return groups;
  }

  /** Returns whether a line, or a cell, is written as a magic: with a percent sign in column 0. */
  public static boolean isMagic(String text) {
    return text.startsWith("%");
  }

  /** Returns the name of a magic that is written so; empty if it has none. */
  public static String nameIn(String magic) {
    int start = magic.startsWith("%%") ? 2 : 1;
    int end = start;
    while (end < magic.length() && !Character.isWhitespace(magic.charAt(end))) {
      end++;
    }
    return magic.substring(start, end);
  }

  /** Returns the magic of that name. */
  public Optional<Magic> find(String name) {
    return Optional.ofNullable(byName.get(key(name)));
  }

  /** Returns all that is known of a magic. */
  public static String help(Magic magic) {
    return magic.aliases().isEmpty()
        ? magic.help()
        : magic.help() + "\nAlso written %" + String.join(", %", magic.aliases());
  }

  /** Returns whether a magic can be written so. */
  static boolean isNamed(Magic magic, String name) {
    return magic.name().equals(key(name)) || magic.aliases().contains(key(name));
  }

  /**
   * Understands a magic.
   *
   * @param text one line that begins with {@code %}, or a whole cell that begins with {@code %%}
   * @throws MagicException {@link MagicException#UNKNOWN_MAGIC} if there is no such magic
   * @throws IllegalArgumentException if the text is no magic, or lines follow a {@code %} line
   */
  public MagicCall parse(String text) throws MagicException {
    if (!isMagic(text)) {
      throw new IllegalArgumentException("a magic begins with a percent sign");
    }
    boolean cell = text.startsWith("%%");
    int lineEnd = text.indexOf('\n');
    String line = text.substring(cell ? 2 : 1, lineEnd < 0 ? text.length() : lineEnd);
    String body = lineEnd < 0 ? "" : text.substring(lineEnd + 1);
    if (!cell && !body.isEmpty()) {
      throw new IllegalArgumentException("a magic with one percent sign is one line");
    }
    String name = nameIn(text);
    if (name.isEmpty()) {
      throw new MagicException(MagicException.UNKNOWN_MAGIC, "magic command not specified");
    }
    known(name);
    return new MagicCall(name, line.substring(name.length()).strip(), body);
  }

  /**
   * Runs a magic.
   *
   * @param call as {@link #parse} returned it
   * @param context the values of the session
   * @throws MagicException if the command cannot be carried out
   */
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    return known(call.name()).run(call, context);
  }

  /**
   * Returns whether the result of a magic is something to read beside the output of statements.
   *
   * @param call as {@link #parse} returned it
   */
  public boolean isForReading(MagicCall call) {
    return find(call.name()).map(Magic::isForReading).orElse(false);
  }

  private Magic known(String name) throws MagicException {
    return find(name).orElseThrow(() -> unknown(name, byName.keySet()));
  }

  /** Returns the error for a name that is not among the known ones; its first line is Livy's. */
  static MagicException unknown(String name, Collection<String> known) {
    String message = "Unknown magic command " + name;
    int nearest = Math.min(3, name.length());
    String suggestion = "";
    for (String candidate : known) {
      int distance = distance(name, candidate);
      if (distance < nearest) {
        nearest = distance;
        suggestion = "\nDid you mean %" + candidate + "?";
      }
    }
    return new MagicException(MagicException.UNKNOWN_MAGIC, message + suggestion);
  }

  /**
   * Returns how many letters have to be put in, left out or changed to get from one to the other.
   */
  private static int distance(String one, String other) {
    int[] above = new int[other.length() + 1];
    for (int column = 0; column < above.length; column++) {
      above[column] = column;
    }
    for (int row = 1; row <= one.length(); row++) {
      int[] current = new int[above.length];
      current[0] = row;
      for (int column = 1; column < above.length; column++) {
        int change = one.charAt(row - 1) == other.charAt(column - 1) ? 0 : 1;
        current[column] =
            Math.min(above[column - 1] + change, 1 + Math.min(above[column], current[column - 1]));
      }
      above = current;
    }
    return above[other.length()];
  }
}
