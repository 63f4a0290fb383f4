package io.polybius.magic;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/** A session that has the values a test gives it. */
final class NamedValues implements MagicContext {

  private final Map<String, IntFunction<PlainValue>> values = new HashMap<>();
  private final RecordedSession session = new RecordedSession();
  private TableRules rules = TableRules.SCALA;
  private MagicLimits limits = MagicLimits.DEFAULT;

  /** Returns a session with one value, {@code x}. */
  static NamedValues x(PlainValue value) {
    return new NamedValues().with("x", rows -> value);
  }

  /** Adds a value that is made for each look-up. */
  NamedValues with(String name, IntFunction<PlainValue> value) {
    values.put(name, value);
    return this;
  }

  /** Returns the session, which remembers what it was told. */
  @Override
  public RecordedSession session() {
    return session;
  }

  @Override
  public TableRules tableRules() {
    return rules;
  }

  /** Sets the rules of the language. */
  NamedValues ruled(TableRules by) {
    rules = by;
    return this;
  }

  /** Sets the limits. */
  NamedValues limited(MagicLimits to) {
    limits = to;
    return this;
  }

  @Override
  public PlainValue lookup(String name, int maxRows) throws MagicException {
    IntFunction<PlainValue> value = values.get(name);
    if (value == null) {
      throw MagicException.noSuchValue(name);
    }
    return value.apply(maxRows);
  }

  @Override
  public MagicLimits limits() {
    return limits;
  }
}
