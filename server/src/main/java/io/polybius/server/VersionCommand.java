package io.polybius.server;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says what this program is. */
@Command(name = "version", description = "Print the version.")
final class VersionCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    BuildInfo build = BuildInfo.read();
    spec.commandLine()
        .getOut()
        .println("Polybius %s (revision %s)".formatted(build.version(), build.revision()));
    return 0;
  }
}
