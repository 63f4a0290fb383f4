package io.polybius.magic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A session that remembers what magics have it do. */
final class RecordedSession implements MagicSession {

  /** What it was told, one line each. */
  final List<String> told = new ArrayList<>();

  /** What magics have printed. */
  final StringBuilder printed = new StringBuilder();

  /** Settings that can be changed. */
  final SortedMap<String, String> settings = new TreeMap<>(Map.of("spark.a", "1"));

  @Override
  public SessionFacts facts() {
    return new SessionFacts(
        Optional.of("7"),
        "an <app>",
        "local-1",
        "3.5.5",
        "2.12.18",
        "local[2]",
        Optional.of("http://127.0.0.1:4040"),
        List.of("spark", "sql"));
  }

  @Override
  public String language() {
    return "spark";
  }

  @Override
  public void execute(String kind, String code) throws MagicException {
    told.add(kind + ": " + code);
    if (code.equals("fail")) {
      throw new MagicException("java.lang.Error", "as asked");
    }
  }

  @Override
  public void print(String text) {
    printed.append(text);
  }

  @Override
  public SortedMap<String, String> settings() {
    return settings;
  }

  @Override
  public Optional<String> setting(String name) {
    return Optional.ofNullable(settings.get(name));
  }

  @Override
  public void set(String name, String value) {
    settings.put(name, value);
  }

  @Override
  public List<String> addJars(String location) {
    told.add("jar " + location);
    return List.of(location.substring(location.lastIndexOf('/') + 1));
  }

  @Override
  public void share(String variable, String name) {
    told.add("share " + variable + " as " + name);
  }

  @Override
  public List<SharedName> shared() {
    return told.isEmpty()
        ? List.of()
        : List.of(new SharedName("frame", "DataFrame", "pyspark", "struct<id:bigint>"));
  }

  @Override
  public void define(String name, String variable) {
    told.add("define " + variable + " by " + name);
  }
}
