package io.polybius.session;

import java.util.Set;
import java.util.TreeSet;

/** Refuses languages that a server's drivers do not run. */
final class LanguageCheck {

  private LanguageCheck() {}

  /** Throws unless a session can be of that kind, where drivers run these languages. */
  static void ofSession(Kind kind, Set<Kind> languages) {
    Set<Kind> offered = new TreeSet<>(languages);
    offered.add(Kind.SHARED);
    check(kind, offered);
  }

  /** Throws unless a statement can be of that kind, where drivers run these languages. */
  static void ofStatement(Kind kind, Set<Kind> languages) {
    if (kind == Kind.SHARED) {
      throw new SessionException(
          ErrorCode.BAD_KIND, "Code type should be specified if session kind is shared");
    }
    check(kind, languages);
  }

  private static void check(Kind kind, Set<Kind> offered) {
    if (!offered.contains(kind)) {
      throw new SessionException(
          ErrorCode.BAD_KIND,
          "Invalid kind: "
              + kind
              + " (this server has: "
              + String.join(", ", offered.stream().sorted().map(Kind::canonicalName).toList())
              + ")");
    }
  }
}
