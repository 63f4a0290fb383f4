package io.polybius.driver;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.protocol.Candidate;
import io.polybius.magic.Magic;
import io.polybius.magic.Magics;
import java.util.List;

/**
 * Completes a cell, in which magics can stand among statements: the name of a magic from those that
 * there are, and its argument, like everything else, as the language does.
 */
final class CellCompletion {

  private CellCompletion() {}

  /**
   * Finds out how a cell could go on.
   *
   * @param cursor an offset in the code
   */
  static Completion complete(String code, int cursor, Interpreter interpreter, Magics magics) {
    CellPlace place = CellPlace.of(code, cursor, interpreter, magics);
    if (place.magicName().isPresent()) {
      return magicNames(code, place.magicName().get(), cursor, magics);
    }
    return place
        .readable()
        .map(readable -> interpreter.complete(readable, cursor))
        .orElse(Completion.none(cursor));
  }

  private static Completion magicNames(
      String code, StatementPart magic, int cursor, Magics magics) {
    int start = magic.start();
    while (start < cursor && Magics.isMagic(code.substring(start, cursor))) {
      start++;
    }
    String typed = code.substring(start, cursor);
    // Who has typed nothing yet has no use for the same magic twice.
    List<String> known =
        typed.isEmpty() ? magics.all().stream().map(Magic::name).toList() : magics.names();
    List<Candidate> names =
        known.stream()
            .filter(name -> name.startsWith(typed))
            .map(name -> new Candidate(name, "magic", ""))
            .toList();
    return new Completion(names, start, cursor);
  }
}
