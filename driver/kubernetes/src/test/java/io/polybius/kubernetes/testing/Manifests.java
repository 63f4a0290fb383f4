package io.polybius.kubernetes.testing;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The manifests that the documentation shows. */
public final class Manifests {

  private static final Pattern BLOCK = Pattern.compile("(?s)\n```yaml\n(.*?)\n```\n");
  private static final Pattern BETWEEN = Pattern.compile("(?m)^---$");

  private Manifests() {}

  /** Reads them, in their order. */
  public static List<HasMetadata> read() throws IOException {
    Path page = Path.of(System.getProperty("polybius.home"), "docs", "kubernetes.md");
    return BLOCK
        .matcher(Files.readString(page))
        .results()
        .map((MatchResult block) -> block.group(1))
        .flatMap(block -> Stream.of(BETWEEN.split(block)))
        .map(document -> (HasMetadata) Serialization.unmarshal(document))
        .toList();
  }
}
