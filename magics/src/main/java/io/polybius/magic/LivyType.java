package io.polybius.magic;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.magic.PlainValue.Decimal;
import io.polybius.magic.PlainValue.Floating;
import io.polybius.magic.PlainValue.Mapping;
import io.polybius.magic.PlainValue.Row;
import io.polybius.magic.PlainValue.Sequence;
import io.polybius.magic.PlainValue.Table;
import io.polybius.magic.PlainValue.Truth;
import io.polybius.magic.PlainValue.Whole;
import java.util.Collection;

/** The types of the columns of Livy's table. */
enum LivyType {
  NULL_TYPE,
  BOOLEAN_TYPE,
  INT_TYPE,
  BIGINT_TYPE,
  DOUBLE_TYPE,
  DECIMAL_TYPE,
  STRING_TYPE,
  DATE_TYPE,
  TIMESTAMP_TYPE,
  ARRAY_TYPE,
  MAP_TYPE;

  /**
   * Returns the type of a value without a schema. What an array or an object holds must be of one
   * type, null being a type of its own.
   *
   * @throws MagicException if the types inside differ
   */
  static LivyType of(PlainValue value, TableRules rules) throws MagicException {
    return of(value, rules, PlainValue.MAX_DEPTH);
  }

  private static LivyType of(PlainValue value, TableRules rules, int depth) throws MagicException {
    if (depth == 0) {
      throw JsonForm.tooDeep();
    }
    if (value instanceof PlainValue.Null) {
      return NULL_TYPE;
    } else if (value instanceof Truth) {
      return BOOLEAN_TYPE;
    } else if (value instanceof Whole) {
      return rules.whole();
    } else if (value instanceof Floating) {
      return DOUBLE_TYPE;
    } else if (value instanceof Decimal) {
      return DECIMAL_TYPE;
    } else if (value instanceof PlainValue.Date) {
      return rules.date();
    } else if (value instanceof PlainValue.Timestamp
        || value instanceof PlainValue.LocalTimestamp) {
      return rules.timestamp();
    } else if (value instanceof Sequence sequence) {
      return sameInside(sequence.items(), ARRAY_TYPE, rules, depth);
    } else if (value instanceof Mapping mapping) {
      return sameInside(mapping.entries().values(), MAP_TYPE, rules, depth);
    } else if (value instanceof Row row) {
      return sameInside(row.values(), MAP_TYPE, rules, depth);
    } else if (value instanceof Table) {
      return ARRAY_TYPE;
    }
    return STRING_TYPE;
  }

  private static LivyType sameInside(
      Collection<PlainValue> values, LivyType type, TableRules rules, int depth)
      throws MagicException {
    LivyType first = null;
    for (PlainValue value : values) {
      LivyType next = of(value, rules, depth - 1);
      if (first != null && next != first) {
        throw rules.differentTypesInside();
      }
      first = next;
    }
    return type;
  }

  /** Returns the error for a column of several types, in Livy's words. */
  static MagicException differentTypes() {
    return new MagicException(MagicException.TYPE_ERROR, "table rows have different types");
  }

  /** Returns the type of a column of a schema; a type that is not known is shown as text. */
  static LivyType of(Column column) {
    return column.isNested() ? ofNested(column.type()) : ofAtomic(column.type());
  }

  private static LivyType ofNested(String json) {
    JsonNode type = NestedType.read(json);
    if (type.isTextual()) {
      return ofAtomic(type.asText());
    }
    return switch (type.path("type").asText()) {
      case "array" -> ARRAY_TYPE;
      case "map", "struct" -> MAP_TYPE;
      default -> STRING_TYPE;
    };
  }

  private static LivyType ofAtomic(String name) {
    return switch (name) {
      case "void", "null" -> NULL_TYPE;
      case "boolean" -> BOOLEAN_TYPE;
      case "byte", "short", "integer" -> INT_TYPE;
      case "long" -> BIGINT_TYPE;
      case "float", "double" -> DOUBLE_TYPE;
      case "date" -> DATE_TYPE;
      case "timestamp", "timestamp_ntz" -> TIMESTAMP_TYPE;
      default -> name.startsWith("decimal") ? DECIMAL_TYPE : STRING_TYPE;
    };
  }
}
