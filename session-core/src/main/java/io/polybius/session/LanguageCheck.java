package io.polybius.session;

import io.polybius.session.spi.DriverLauncher;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Refuses languages that a server's drivers do not run. */
final class LanguageCheck {

  private LanguageCheck() {}

  /** Throws unless a session can be of that kind, with drivers of that launcher. */
  static void ofSession(Kind kind, DriverLauncher launcher) {
    Set<Kind> offered = new HashSet<>(launcher.languages());
    offered.add(Kind.SHARED);
    check(kind, offered, launcher);
  }

  /** Throws unless a statement can be of that kind, with drivers of that launcher. */
  static void ofStatement(Kind kind, DriverLauncher launcher) {
    if (kind.equals(Kind.SHARED)) {
      throw new SessionException(
          ErrorCode.BAD_KIND, "Code type should be specified if session kind is shared");
    }
    check(kind, launcher.languages(), launcher);
  }

  private static void check(Kind kind, Set<Kind> offered, DriverLauncher launcher) {
    if (offered.contains(kind)) {
      return;
    }
    List<Kind> kernels =
        launcher.jupyterKernels().stream()
            .flatMap(kernel -> Kind.ofJupyterKernel(kernel.name()).stream())
            .toList();
    if (!kernels.contains(kind)) {
      Stream<Kind> all =
          Stream.concat(Kind.LIVY.stream().filter(offered::contains), kernels.stream());
      throw new SessionException(
          ErrorCode.BAD_KIND,
          "Invalid kind: "
              + kind
              + " (this server has: "
              + String.join(", ", all.map(Kind::canonicalName).toList())
              + ")");
    }
  }
}
