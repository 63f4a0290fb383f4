package io.polybius.session;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A named set of settings that an operator offers to those who open sessions and create batches.
 *
 * @param name the name by which it is asked for
 * @param title its name for people
 * @param kinds the languages of which notebooks are offered it; empty for all but Jupyter kernels
 * @param conf Spark settings, and {@link ApplicationSettings#SPARK}, which hold where the user asks
 *     for nothing else
 */
public record LaunchProfile(
    String name, String title, Optional<List<Kind>> kinds, Map<String, String> conf) {

  /** Copies the collections. */
  public LaunchProfile {
    kinds = kinds.map(List::copyOf);
    conf = Map.copyOf(conf);
  }

  /** Returns whether notebooks of that language are offered it. */
  public boolean isFor(Kind kind) {
    return kinds.map(named -> named.contains(kind)).orElseGet(() -> kind.jupyterKernel().isEmpty());
  }
}
