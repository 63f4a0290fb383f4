package io.polybius.driver.interpreter.sql;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.protocol.Candidate;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.parser.SqlBaseLexer;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * How a SQL statement could go on: with a column of the tables that it names, a table, a function
 * or a keyword. Asks Spark's catalog, and runs no job.
 */
final class SqlCompletion {

  /** Each can be a question to a metastore. */
  private static final int MAX_LOOKUPS = 40;

  private static final String NAME = "(?:\\w+|`[^`]+`)";

  /** A table as statements name it, and perhaps the name that it has in the statement. */
  private static final Pattern TABLE =
      Pattern.compile(
          "(?:\\b(?:from|join|into|update|table|describe|desc|using)\\s+|,\\s*)(NAME(?:\\.NAME)*)(?:\\s+(?:as\\s+)?(NAME))?"
              .replace("NAME", NAME),
          Pattern.CASE_INSENSITIVE);

  private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z_]\\w*");

  private final SparkSession session;

  SqlCompletion(SparkSession session) {
    this.session = session;
  }

  /** Finds out how a text could go on at an offset. */
  Completion complete(String code, int cursor) {
    if (SqlScript.isOpen(code.substring(0, cursor))) {
      return Completion.none(cursor);
    }
    int start = startOfName(code, cursor);
    String begun = code.substring(start, cursor);
    Map<String, StructType> tables = tablesIn(SqlScript.statementAt(code, cursor));
    boolean isQualified = start > 0 && code.charAt(start - 1) == '.';
    Stream<Candidate> found =
        isQualified ? membersOf(qualifier(code, start - 1), begun, tables) : names(begun, tables);
    Map<String, Candidate> once = new LinkedHashMap<>();
    found
        .filter(candidate -> startsWith(unquoted(candidate.text()), begun))
        .forEach(candidate -> once.putIfAbsent(candidate.text(), candidate));
    return new Completion(List.copyOf(once.values()), start, cursor);
  }

  /** Returns where the name begins that a cursor stands in or after. */
  static int startOfName(String code, int cursor) {
    int start = cursor;
    while (start > 0 && Character.isJavaIdentifierPart(code.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private Stream<Candidate> names(String begun, Map<String, StructType> tables) {
    Stream<Candidate> columns = tables.values().stream().distinct().flatMap(SqlCompletion::columns);
    Stream<Candidate> aliases =
        tables.keySet().stream().map(name -> new Candidate(quoted(name), "instance", ""));
    if (begun.isEmpty()) {
      return Stream.of(columns, aliases, tableNames("")).flatMap(part -> part);
    }
    return Stream.of(columns, aliases, tableNames(""), functions(begun), keywords(begun))
        .flatMap(part -> part);
  }

  /**
   * Returns what can follow the name of a table, of a struct column or of a database, and a dot.
   */
  private Stream<Candidate> membersOf(
      String qualifier, String begun, Map<String, StructType> tables) {
    Optional<StructType> table =
        tables.entrySet().stream()
            .filter(entry -> entry.getKey().equalsIgnoreCase(qualifier))
            .map(Map.Entry::getValue)
            .findFirst();
    if (table.isPresent()) {
      return columns(table.get());
    }
    Stream<Candidate> fields =
        tables.values().stream()
            .distinct()
            .flatMap(schema -> Stream.of(schema.fields()))
            .filter(field -> field.name().equalsIgnoreCase(qualifier))
            .filter(field -> field.dataType() instanceof StructType)
            .flatMap(field -> columns((StructType) field.dataType()));
    return Stream.concat(fields, tableNames(qualifier));
  }

  private static Stream<Candidate> columns(StructType schema) {
    return Stream.of(schema.fields()).map(SqlCompletion::column);
  }

  private static Candidate column(StructField field) {
    return new Candidate(quoted(field.name()), "instance", field.dataType().simpleString());
  }

  private Stream<Candidate> tableNames(String database) {
    String where = database.isEmpty() ? "" : " in `" + database.replace("`", "``") + "`";
    return rows("show tables" + where)
        .map(row -> row.<String>getAs("tableName"))
        .sorted()
        .map(name -> new Candidate(quoted(name), "instance", ""));
  }

  private Stream<Candidate> functions(String begun) {
    return rows("show functions like '" + begun.replaceAll("\\W", "") + "*'")
        .map(row -> row.getString(0))
        .filter(name -> PLAIN_NAME.matcher(name).matches())
        .map(name -> new Candidate(name, "function", ""));
  }

  /** Returns keywords, in small letters when what is begun is written so. */
  private static Stream<Candidate> keywords(String begun) {
    boolean small = begun.equals(begun.toLowerCase(Locale.ROOT));
    SortedSet<String> keywords = new TreeSet<>(Comparator.naturalOrder());
    var vocabulary = SqlBaseLexer.VOCABULARY;
    for (int type = 0; type <= vocabulary.getMaxTokenType(); type++) {
      String literal = vocabulary.getLiteralName(type);
      if (literal != null && literal.length() > 2) {
        String word = literal.substring(1, literal.length() - 1);
        if (PLAIN_NAME.matcher(word).matches()) {
          keywords.add(small ? word.toLowerCase(Locale.ROOT) : word);
        }
      }
    }
    return keywords.stream().map(word -> new Candidate(word, "keyword", ""));
  }

  /** A name that Spark does not know has no rows: the text is not finished. */
  private Stream<Row> rows(String question) {
    try {
      return session.sql(question).collectAsList().stream();
    } catch (Exception e) { // Also checked ones, which Spark throws without declaring them.
      return Stream.empty();
    }
  }

  /** Returns the tables that a statement names, by every name that they have in it. */
  private Map<String, StructType> tablesIn(String statement) {
    Map<String, StructType> tables = new LinkedHashMap<>();
    Matcher names = TABLE.matcher(SqlScript.withoutTexts(statement));
    // The end of one is the beginning of the next where a comma stands between them.
    int at = 0;
    for (int lookups = 0; lookups < MAX_LOOKUPS && names.find(at); lookups++) {
      at = names.end(1);
      String name = names.group(1);
      schema(name)
          .ifPresent(
              schema -> {
                tables.put(unquoted(name.substring(name.lastIndexOf('.') + 1)), schema);
                Optional.ofNullable(names.group(2))
                    .filter(alias -> !isKeyword(alias))
                    .ifPresent(alias -> tables.put(unquoted(alias), schema));
              });
    }
    return tables;
  }

  private static boolean isKeyword(String word) {
    return keywords("").anyMatch(keyword -> keyword.text().equalsIgnoreCase(word));
  }

  private Optional<StructType> schema(String table) {
    try {
      return session.catalog().tableExists(table)
          ? Optional.of(session.table(table).schema())
          : Optional.empty();
    } catch (Exception e) { // Also checked ones, which Spark throws without declaring them.
      return Optional.empty();
    }
  }

  /** Returns the name before a dot. */
  private static String qualifier(String code, int dot) {
    if (dot > 0 && code.charAt(dot - 1) == '`') {
      return code.substring(code.lastIndexOf('`', dot - 2) + 1, dot - 1);
    }
    return code.substring(startOfName(code, dot), dot);
  }

  private static String quoted(String name) {
    return PLAIN_NAME.matcher(name).matches() ? name : "`" + name.replace("`", "``") + "`";
  }

  private static String unquoted(String name) {
    return name.startsWith("`") && name.length() > 1 ? name.substring(1, name.length() - 1) : name;
  }

  private static boolean startsWith(String name, String begun) {
    return name.regionMatches(true, 0, begun, 0, begun.length());
  }
}
