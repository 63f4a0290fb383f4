package io.polybius.server.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A notebook's text, without the outputs that may be stored in it.
 *
 * @param name its file's name
 * @param language what its kernelspec says of it; empty if it has none
 * @param cells its cells, in order
 */
record Notebook(String name, String language, List<Cell> cells) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Copies the cells. */
  Notebook {
    cells = List.copyOf(cells);
  }

  /**
   * A cell that has a text.
   *
   * @param isCode whether the text is to be run; else it is to be read
   * @param source the text
   * @param mayFail whether it is there to show an error
   */
  record Cell(boolean isCode, String source, boolean mayFail) {}

  /**
   * Reads the notebooks of a folder that are in a language, in the order of their names.
   *
   * @param language as their kernelspec says it
   */
  static List<Notebook> readAll(Path folder, String language) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(file -> file.toString().endsWith(".ipynb")).sorted().toList();
    }
    List<Notebook> notebooks = new ArrayList<>();
    for (Path file : files) {
      Notebook notebook = read(file);
      if (notebook.language().equals(language)) {
        notebooks.add(notebook);
      }
    }
    return notebooks;
  }

  /** Reads a notebook of format 4. */
  static Notebook read(Path file) throws IOException {
    JsonNode json = JSON.readTree(file.toFile());
    if (json.path("nbformat").asInt() != 4) {
      throw new IOException(file + " is no notebook of format 4");
    }
    List<Cell> cells = new ArrayList<>();
    for (JsonNode cell : json.path("cells")) {
      String type = cell.path("cell_type").asText();
      String source = text(cell.path("source"));
      if (!source.isBlank() && (type.equals("code") || type.equals("markdown"))) {
        cells.add(new Cell(type.equals("code"), source, isTagged(cell, "raises-exception")));
      }
    }
    return new Notebook(
        file.getFileName().toString(), json.at("/metadata/kernelspec/language").asText(), cells);
  }

  private static boolean isTagged(JsonNode cell, String tag) {
    for (JsonNode each : cell.path("metadata").path("tags")) {
      if (each.asText().equals(tag)) {
        return true;
      }
    }
    return false;
  }

  /** Returns a text that is stored whole, or as a list of its lines. */
  private static String text(JsonNode source) {
    if (source.isTextual()) {
      return source.asText();
    }
    StringBuilder text = new StringBuilder();
    source.forEach(line -> text.append(line.asText()));
    return text.toString();
  }
}
