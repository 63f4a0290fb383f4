package io.polybius.magic;

import java.util.List;

/**
 * Magics that belong together, for those who read a list of them.
 *
 * @param title what they are about
 * @param magics in the order to list them
 */
record MagicGroup(String title, List<Magic> magics) {

  /** Copies the list. */
  MagicGroup {
    magics = List.copyOf(magics);
  }
}
