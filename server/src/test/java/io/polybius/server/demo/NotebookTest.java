package io.polybius.server.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class NotebookTest {

  private static final Path NOTEBOOKS =
      Path.of(System.getProperty("polybius.home")).resolve("notebooks");

  @TempDir Path folder;

  @Test
  void readsBothFormsOfTextAndSkipsWhatIsNoText() throws Exception {
    Path file = folder.resolve("one.ipynb");
    Files.writeString(
        file,
        """
        {"nbformat": 4, "metadata": {"kernelspec": {"language": "scala"}}, "cells": [
          {"cell_type": "markdown", "source": "# Title"},
          {"cell_type": "code", "source": ["val a = 1\\n", "a + 1"], "outputs": [{"x": 1}]},
          {"cell_type": "code", "source": "1 / 0", "metadata": {"tags": ["a", "raises-exception"]}},
          {"cell_type": "code", "source": []},
          {"cell_type": "raw", "source": "raw"}]}
        """);

    assertThat(Notebook.read(file))
        .isEqualTo(
            new Notebook(
                "one.ipynb",
                "scala",
                List.of(
                    new Notebook.Cell(false, "# Title", false),
                    new Notebook.Cell(true, "val a = 1\na + 1", false),
                    new Notebook.Cell(true, "1 / 0", true))));
  }

  @Test
  void otherFilesAreRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("old.ipynb"), "{\"nbformat\": 3}");

    assertThatThrownBy(() -> Notebook.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("format 4");
  }

  @Test
  void examplesAreStoredWithoutOutputsForOurKernelspec() throws Exception {
    assertThat(Notebook.readAll(NOTEBOOKS, "scala"))
        .extracting(Notebook::name)
        .containsExactly(
            "quick-start.ipynb",
            "sharing.ipynb",
            "tables-and-plots.ipynb",
            "when-things-go-wrong.ipynb");
    assertThat(Notebook.readAll(NOTEBOOKS, "python"))
        .extracting(Notebook::name)
        .containsExactly("sharing-python.ipynb", "tables-and-plots-python.ipynb");
    for (Path file : examples()) {
      JsonNode notebook = new ObjectMapper().readTree(file.toFile());
      assertThat(notebook.at("/metadata/kernelspec/name").asText())
          .isEqualTo("polybius-" + notebook.at("/metadata/kernelspec/language").asText());
      assertThat(notebook.get("nbformat_minor").asInt()).isEqualTo(5);
      Set<String> ids = new HashSet<>();
      for (JsonNode cell : notebook.get("cells")) {
        assertThat(cell.get("id").asText()).matches("[a-zA-Z0-9_-]{1,64}");
        assertThat(ids.add(cell.get("id").asText())).isTrue();
        if (cell.get("cell_type").asText().equals("code")) {
          assertThat(cell.get("outputs")).isEmpty();
          assertThat(cell.get("execution_count").isNull()).isTrue();
        }
      }
    }
  }

  @Test
  void everyTableNamesItsSource() throws Exception {
    String sources = Files.readString(NOTEBOOKS.resolve("data/README.md"));
    try (Stream<Path> tables = Files.list(NOTEBOOKS.resolve("data"))) {
      assertThat(tables.map(file -> file.getFileName().toString()))
          .filteredOn(name -> !name.equals("README.md"))
          .hasSizeGreaterThanOrEqualTo(2)
          .allSatisfy(name -> assertThat(sources).contains("| `" + name + "` |"));
    }
  }

  private static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.list(NOTEBOOKS)) {
      return files.filter(file -> file.toString().endsWith(".ipynb")).toList();
    }
  }
}
