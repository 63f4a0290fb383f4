package io.polybius.driver;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.protocol.Candidate;
import io.polybius.magic.Magic;
import io.polybius.magic.Magics;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

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
      return magicNames(code, place.magicName().get(), cursor, interpreter, magics);
    }
    return place
        .readable()
        .map(readable -> interpreter.complete(readable, cursor))
        .orElse(Completion.none(cursor));
  }

  private static Completion magicNames(
      String code, StatementPart magic, int cursor, Interpreter interpreter, Magics magics) {
    int start = magic.start();
    while (start < cursor && Magics.isMagic(code.substring(start, cursor))) {
      start++;
    }
    String typed = code.substring(start, cursor);
    boolean cell = start - magic.start() > 1;
    // Who has typed nothing yet has no use for the same magic twice.
    Collection<String> known =
        typed.isEmpty() ? magics.all().stream().map(Magic::name).toList() : magics.names();
    List<Candidate> names =
        Stream.concat(known.stream(), interpreter.magicNames(cell).stream())
            .filter(name -> name.startsWith(typed))
            .distinct()
            .map(name -> new Candidate(name, "magic", ""))
            .toList();
    return new Completion(names, start, cursor);
  }
}
