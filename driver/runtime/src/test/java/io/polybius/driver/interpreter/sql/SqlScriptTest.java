package io.polybius.driver.interpreter.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlScriptTest {

  private static List<String> split(String code) {
    return SqlScript.split(code).stream().map(SqlScript.Part::text).toList();
  }

  @Test
  void semicolonsSeparateStatements() {
    assertThat(split("select 1; select 2;\n")).containsExactly("select 1", " select 2");
    assertThat(split(" ; ;")).isEmpty();
    assertThat(SqlScript.split("a;b").get(1).start()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select 'a;b'",
        "select \"a;b\"",
        "select 'it\\';s'",
        "select 'it''s;'",
        "select `odd;name`",
        "select 1 -- no; more\n + 2",
        "select /* one; /* two; */ three; */ 1"
      })
  void semicolonsInTextsNamesAndCommentsSeparateNothing(String code) {
    assertThat(split(code)).containsExactly(code);
    assertThat(SqlScript.isOpen(code)).isFalse();
    assertThat(SqlScript.isBlank(code)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "begin declare x int default 1; select x; end",
        "\n/* a; */ -- script;\nBEGIN\nselect 1; END;",
        "begin; select 1",
        "label: begin select 1; end label; select 2",
        "`odd;label` :\nbegin select 1; end"
      })
  void scriptGoesOnToTheEnd(String code) {
    assertThat(split(code)).containsExactly(code);
    assertThat(split("select 0;" + code)).containsExactly("select 0", code);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "beginning; end",
        "begin_x; end",
        "select begin; end",
        "a b: begin; end",
        "'begin'; end",
        "-- begin\nselect 1; end"
      })
  void otherWordsBeginNoScript(String code) {
    assertThat(split(code)).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"select 'a", "select \"a", "select `a", "select /* a /* b */", "x 'it\\'"})
  void whatIsBegunAndNotEndedIsOpen(String code) {
    assertThat(SqlScript.isOpen(code)).isTrue();
    assertThat(split(code)).containsExactly(code);
  }

  @Test
  void commentsAloneAreNothing() {
    assertThat(SqlScript.isBlank(" -- nothing\n/* at; all */ ;")).isTrue();
  }
}
