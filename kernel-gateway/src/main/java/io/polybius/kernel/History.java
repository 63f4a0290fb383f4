package io.polybius.kernel;

import io.polybius.driver.protocol.StatementOutput;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.kernel.wire.ReplyContent;
import io.polybius.kernel.wire.RequestContent;
import io.polybius.session.Statement;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Answers questions about what was run before, from the statements that the session keeps. */
final class History {

  private final List<Statement> statements;
  private final Numbering numbering;

  /** Makes one over all statements that have begun. */
  History(List<Statement> statements, Numbering numbering) {
    this.statements =
        statements.stream().filter(statement -> statement.startedMillis() > 0).toList();
    this.numbering = numbering;
  }

  /**
   * Answers a request.
   *
   * @throws MalformedMessageException if it asks in an unknown way
   */
  ReplyContent.History answer(RequestContent.History request) throws MalformedMessageException {
    List<Statement> found =
        switch (request.access()) {
          case "tail" -> newest(statements, request.count());
          case "range" -> range(request);
          case "search" -> newest(search(request), request.count());
          default ->
              throw new MalformedMessageException("hist_access_type must be tail, range or search");
        };
    return new ReplyContent.History(
        found.stream().map(statement -> row(statement, request.output())).toList());
  }

  private List<Statement> range(RequestContent.History request) {
    int session =
        request.session() > 0 ? request.session() : numbering.currentSession() + request.session();
    return statements.stream()
        .filter(
            statement -> {
              Numbering.Position position = numbering.position(statement.id());
              return position.session() == session
                  && position.line() >= request.start()
                  && (request.stop() <= 0 || position.line() < request.stop());
            })
        .toList();
  }

  private List<Statement> search(RequestContent.History request) throws MalformedMessageException {
    Pattern pattern = glob(request.pattern());
    Deque<Statement> found = new ArrayDeque<>();
    Set<String> seen = new HashSet<>();
    for (int i = statements.size() - 1; i >= 0; i--) {
      Statement statement = statements.get(i);
      if (pattern.matcher(statement.code()).matches()
          && (seen.add(statement.code()) || !request.unique())) {
        found.addFirst(statement);
      }
    }
    return List.copyOf(found);
  }

  private static Pattern glob(String pattern) throws MalformedMessageException {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      int close = c == '[' ? pattern.indexOf(']', i + 2) : -1;
      if (c == '*') {
        regex.append(".*");
      } else if (c == '?') {
        regex.append('.');
      } else if (close > 0) {
        String members = pattern.substring(i + 1, close);
        boolean not = members.startsWith("!") || members.startsWith("^");
        String literal = members.substring(not ? 1 : 0).replaceAll("([\\[\\]\\\\&^])", "\\\\$1");
        regex.append(not ? "[^" : "[").append(literal).append(']');
        i = close;
      } else {
        regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    try {
      return Pattern.compile(regex.toString(), Pattern.DOTALL);
    } catch (PatternSyntaxException e) {
      throw new MalformedMessageException("the pattern is not a glob pattern");
    }
  }

  private static List<Statement> newest(List<Statement> all, int count) {
    return count > 0 ? all.subList(Math.max(0, all.size() - count), all.size()) : all;
  }

  private List<Object> row(Statement statement, boolean withOutput) {
    Numbering.Position position = numbering.position(statement.id());
    Object input =
        withOutput ? Arrays.asList(statement.code(), result(statement)) : statement.code();
    return List.of(position.session(), position.line(), input);
  }

  /** Returns the text of the statement's value, null if it has none: a row may hold that. */
  private static String result(Statement statement) {
    for (StatementOutput output : statement.outputs().toList()) {
      if (output instanceof StatementOutput.Value value) {
        return DisplayProjection.text(value.bundle());
      }
    }
    return null;
  }
}
