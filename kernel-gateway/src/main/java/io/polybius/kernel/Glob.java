package io.polybius.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A pattern over whole texts: {@code *} for anything, {@code ?} for one character, {@code [abc]},
 * {@code [a-z]} and {@code [!abc]} for one of some. Matching takes no longer than the product of
 * both lengths, whatever the pattern.
 */
final class Glob {

  /** Stands for any number of characters, all others for one. */
  private static final IntPredicate ANY_NUMBER = character -> true;

  private final List<IntPredicate> steps = new ArrayList<>();

  Glob(String pattern) {
    int[] characters = pattern.codePoints().toArray();
    for (int i = 0; i < characters.length; i++) {
      int character = characters[i];
      int close = character == '[' ? indexOf(characters, ']', i + 2) : -1;
      if (character == '*') {
        steps.add(ANY_NUMBER);
      } else if (character == '?') {
        steps.add(any -> true);
      } else if (close > 0) {
        steps.add(oneOf(characters, i + 1, close));
        i = close;
      } else {
        steps.add(other -> other == character);
      }
    }
  }

  private static int indexOf(int[] characters, int wanted, int from) {
    for (int i = from; i < characters.length; i++) {
      if (characters[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static IntPredicate oneOf(int[] characters, int from, int to) {
    boolean not = characters[from] == '!' || characters[from] == '^';
    int begin = not ? from + 1 : from;
    return character -> {
      for (int i = begin; i < to; i++) {
        boolean isRange = i + 2 < to && characters[i + 1] == '-';
        int last = isRange ? characters[i + 2] : characters[i];
        if (characters[i] <= character && character <= last) {
          return !not;
        }
        i += isRange ? 2 : 0;
      }
      return not;
    };
  }

  /** Returns whether a whole text is of this pattern. */
  boolean matches(String text) {
    int[] characters = text.codePoints().toArray();
    int at = 0;
    int step = 0;
    int lastStar = -1;
    int afterStar = 0;
    while (at < characters.length) {
      if (step < steps.size() && steps.get(step) == ANY_NUMBER) {
        lastStar = step++;
        afterStar = at;
      } else if (step < steps.size() && steps.get(step).test(characters[at])) {
        step++;
        at++;
      } else if (lastStar >= 0) {
        // The last star takes one character more.
        step = lastStar + 1;
        at = ++afterStar;
      } else {
        return false;
      }
    }
    while (step < steps.size() && steps.get(step) == ANY_NUMBER) {
      step++;
    }
    return step == steps.size();
  }
}
