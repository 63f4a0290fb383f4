package io.polybius.magic;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/** The magics that are always there. A new one gets a line here and a row in docs/magics.md. */
final class BuiltinMagics {

  private BuiltinMagics() {}

  /**
   * Returns all of them.
   *
   * @param registered tells the magics about all magics of the session
   */
  static List<Magic> all(Supplier<Collection<Magic>> registered) {
    return List.of(
        new JsonMagic(),
        new TableMagic(),
        new PlotMagic(),
        new ListMagic(registered),
        new HelpMagic(registered));
  }
}
