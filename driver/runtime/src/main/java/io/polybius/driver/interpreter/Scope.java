package io.polybius.driver.interpreter;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the statements of a session have defined and imported, as the lines that bring it into
 * another text. The REPL has such lines too; these can be made while its compiler is at work.
 */
final class Scope {

  /** Lets what is imported after it hide what was imported before. */
  private static final String LEVEL = "import _root_.scala.tools.nsc.interpreter.`{{`\n";

  private final List<Entry> entries = new ArrayList<>();

  /**
   * A definition or an import.
   *
   * @param line brings it into another text
   * @param names what it defines; types with a {@code #} behind them; empty for an import
   * @param needs names that the line itself refers to
   * @param always whether it can matter to a text that does not mention it: imports and implicits
   */
  record Entry(String line, Set<String> names, Set<String> needs, boolean always) {}

  /** Adds what a statement has brought. */
  void add(Entry entry) {
    if (entry.names().isEmpty()) {
      // The first stays for the sake of imports that need it, the last hides what came before.
      List<Integer> equal =
          IntStream.range(0, entries.size())
              .filter(i -> isSame(entries.get(i), entry))
              .boxed()
              .toList();
      if (equal.size() > 1) {
        entries.remove((int) equal.get(1));
      }
    }
    entries.add(entry);
  }

  /**
   * Returns the lines for a text.
   *
   * @param beginnings of the names that it mentions; an empty one stands for all names
   */
  String imports(Set<String> beginnings) {
    Set<String> wanted = new HashSet<>(beginnings);
    Set<String> found = new HashSet<>();
    List<Entry> used = new ArrayList<>();
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry entry = entries.get(i);
      boolean hidden = !entry.names().isEmpty() && found.containsAll(entry.names());
      if (!hidden && (entry.always() || entry.names().stream().anyMatch(n -> begins(n, wanted)))) {
        used.add(0, entry);
        found.addAll(entry.names());
        wanted.addAll(entry.needs());
      }
    }
    StringBuilder lines = new StringBuilder();
    Set<String> level = new HashSet<>();
    for (Entry entry : used) {
      boolean isImport = entry.names().isEmpty();
      if (isImport || entry.names().stream().anyMatch(level::contains)) {
        lines.append(LEVEL);
        level.clear();
      }
      lines.append(entry.line()).append('\n');
      level.addAll(entry.names());
      if (isImport) {
        lines.append(LEVEL);
      }
    }
    return lines.toString();
  }

  private static boolean isSame(Entry one, Entry other) {
    return one.names().isEmpty() && one.line().equals(other.line());
  }

  private static boolean begins(String name, Set<String> beginnings) {
    return beginnings.stream().anyMatch(name::startsWith);
  }
}
