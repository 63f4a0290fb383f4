package io.polybius.rest;

import io.polybius.session.Kind;

/** The names of languages in requests. */
final class Kinds {

  private Kinds() {}

  /** Returns the kind of that name, or throws what is wrong with it. */
  static Kind parse(String name) {
    return Kind.find(name).orElseThrow(() -> RejectedRequestException.bad("Invalid kind: " + name));
  }
}
