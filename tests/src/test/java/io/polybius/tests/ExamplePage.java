package io.polybius.tests;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What can be checked of a page of docs: the headings of its routes, and its examples. An example
 * is a block whose first line begins with <code>$ </code>. Each such line in it is a command, which
 * goes on in the next line after a backslash; the lines up to the next command are what it shows.
 *
 * @param sections the parts between headings, in the order of the page
 */
record ExamplePage(List<Section> sections) {

  private static final String FENCE = "```";
  private static final String PROMPT = "$ ";

  ExamplePage {
    sections = List.copyOf(sections);
  }

  /**
   * A heading and the examples below it.
   *
   * @param heading its text, such as {@code GET /sessions/{session}}
   * @param examples the commands in their order
   */
  record Section(String heading, List<Example> examples) {

    private static final Pattern ROUTE =
        Pattern.compile("(GET|HEAD|POST|PUT|PATCH|DELETE) (/\\S*)");

    Section {
      examples = List.copyOf(examples);
    }

    /** Whether the heading names a route. */
    boolean isRoute() {
      return ROUTE.matcher(heading).matches();
    }

    /** Whether some example calls the route that the heading names. */
    boolean callsItsRoute() {
      Matcher route = ROUTE.matcher(heading);
      if (!route.matches()) {
        return false;
      }
      String path = withGaps(route.group(2), Pattern.compile("\\{\\w+}"), "[^/]+");
      return examples.stream()
          .anyMatch(
              example -> example.method().equals(route.group(1)) && example.path().matches(path));
    }
  }

  /**
   * A command and what it shows.
   *
   * @param line where it begins in the page, from 1
   * @param command the command as a shell takes it
   * @param shown what the page says that it prints
   */
  record Example(int line, String command, String shown) {

    private static final Pattern METHOD = Pattern.compile("\\s(?:-\\w*X|--request) *(\\w+)");
    private static final Pattern BODY =
        Pattern.compile("\\s(?:-\\w*[dF]|--data\\S*|--form\\S*|--json)\\b");
    private static final Pattern PATH = Pattern.compile("\\$api(/[^\\s\"'?]*)");
    private static final Pattern ANYTHING = Pattern.compile("\\s*\\.\\.\\.\\s*");

    /** What curl says when it has ended itself. */
    private static final int TIME_IS_UP = 28;

    /** Fields whose values belong to one run or one build, unless they say that there is none. */
    private static final Pattern VARYING =
        Pattern.compile(
            "\"(revision|branch|date|appId|started|completed)\":(?:\"[^\"]*\"|[1-9]\\d*)");

    /** Returns the HTTP method of a call of curl. */
    String method() {
      Matcher method = METHOD.matcher(command);
      return method.find() ? method.group(1) : BODY.matcher(command).find() ? "POST" : "GET";
    }

    /** Returns the path of a call of curl, or nothing. */
    String path() {
      Matcher path = PATH.matcher(command);
      return path.find() ? path.group(1) : "";
    }

    /** Whether it changes nothing, so that it may be repeated. */
    boolean onlyReads() {
      // A question about a text is a POST only because it has a body.
      return command.startsWith("curl ")
          && (method().equals("GET") || path().endsWith("/completion"));
    }

    /** Whether it shows anything by which a wrong output could be told from a right one. */
    boolean saysWhatComesOut() {
      return shown.isBlank() || !shown.replace("...", "").isBlank();
    }

    /** Whether its command has done what it should, if it has ended with that exit code. */
    boolean endsWellWith(int exitCode) {
      return exitCode == 0 || (exitCode == TIME_IS_UP && command.contains("--max-time"));
    }

    /** Whether the page is true to what the command printed. */
    boolean isShownBy(String printed) {
      String expected = withGaps(comparable(shown), ANYTHING, ".*");
      return Pattern.compile(expected, Pattern.DOTALL).matcher(comparable(printed)).matches();
    }

    private static String comparable(String text) {
      return VARYING.matcher(text.replace("\r", "").strip()).replaceAll("\"$1\":(varies)");
    }
  }

  /** Reads a page. */
  static ExamplePage parse(List<String> lines) {
    List<Section> sections = new ArrayList<>();
    String heading = "";
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.startsWith(FENCE)) {
        int end = i + 1;
        while (end < lines.size() && !lines.get(end).equals(FENCE)) {
          end++;
        }
        examples.addAll(examples(lines.subList(i + 1, Math.min(end, lines.size())), i + 2));
        i = end;
      } else if (line.matches("#{1,3} .*")) {
        sections.add(new Section(heading, examples));
        heading = line.replaceFirst("#+ ", "");
        examples.clear();
      }
    }
    sections.add(new Section(heading, examples));
    return new ExamplePage(sections);
  }

  /** Returns a regular expression for a text in which {@code filling} stands for each gap. */
  private static String withGaps(String text, Pattern gap, String filling) {
    return Stream.of(gap.split(text, -1)).map(Pattern::quote).collect(Collectors.joining(filling));
  }

  private static List<Example> examples(List<String> block, int firstLine) {
    List<Example> examples = new ArrayList<>();
    int i = 0;
    while (i < block.size() && block.get(i).startsWith(PROMPT)) {
      int line = firstLine + i;
      StringBuilder command = new StringBuilder(block.get(i).substring(PROMPT.length()));
      while (block.get(i++).endsWith("\\") && i < block.size()) {
        command.append('\n').append(block.get(i));
      }
      StringBuilder shown = new StringBuilder();
      while (i < block.size() && !block.get(i).startsWith(PROMPT)) {
        shown.append(block.get(i++)).append('\n');
      }
      examples.add(new Example(line, command.toString(), shown.toString()));
    }
    return examples;
  }
}
