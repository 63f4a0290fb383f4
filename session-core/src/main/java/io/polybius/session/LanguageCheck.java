package io.polybius.session;

import io.polybius.session.spi.DriverLauncher;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Refuses languages that a server's drivers do not run. Which Jupyter kernels there are is read
 * from the disk: not in a session's tasks, which others would wait for.
 */
final class LanguageCheck {

  private static final Set<Kind> JOBS = Set.of(Kind.SPARK, Kind.PYSPARK);

  private LanguageCheck() {}

  /** Throws unless a session can be of that kind, with drivers of that launcher. */
  static void ofSession(Kind kind, DriverLauncher launcher) {
    Set<Kind> offered = new HashSet<>(launcher.languages());
    offered.add(Kind.SHARED);
    Optional<SessionException> refusal = check(kind, offered, launcher);
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }

  /** Returns why a statement cannot be of that kind, with drivers of that launcher, if so. */
  static Optional<SessionException> ofStatement(Kind kind, DriverLauncher launcher) {
    return kind.equals(Kind.SHARED)
        ? Optional.of(
            new SessionException(
                ErrorCode.BAD_KIND, "Code type should be specified if session kind is shared"))
        : check(kind, launcher.languages(), launcher);
  }

  /** Returns why a job cannot be of that kind, with drivers of that launcher, if so. */
  static Optional<SessionException> ofJob(Kind kind, DriverLauncher launcher) {
    return JOBS.contains(kind)
        ? check(kind, launcher.languages(), launcher)
        : Optional.of(
            new SessionException(
                ErrorCode.BAD_KIND, "Invalid kind: " + kind + " (jobs are spark or pyspark)"));
  }

  private static Optional<SessionException> check(
      Kind kind, Set<Kind> offered, DriverLauncher launcher) {
    if (offered.contains(kind)) {
      return Optional.empty();
    }
    List<Kind> kernels =
        launcher.jupyterKernels().stream()
            .flatMap(kernel -> Kind.ofJupyterKernel(kernel.name()).stream())
            .toList();
    if (kernels.contains(kind)) {
      return Optional.empty();
    }
    Stream<Kind> all =
        Stream.concat(Kind.LIVY.stream().filter(offered::contains), kernels.stream());
    return Optional.of(
        new SessionException(
            ErrorCode.BAD_KIND,
            "Invalid kind: "
                + kind
                + " (this server has: "
                + String.join(", ", all.map(Kind::canonicalName).toList())
                + ")"));
  }
}
