package io.polybius.server;

import io.polybius.kernel.relay.KernelRelay;
import io.polybius.kernel.relay.RelayOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/**
 * The process that Jupyter starts for a kernelspec of ours. A notebook waits for it, so it reads
 * its few options itself: picocli would take as long as all the rest of its start.
 */
@Command(
    name = KernelCommand.NAME,
    description = "Connect one Jupyter kernel to the server; started by Jupyter.",
    customSynopsis = KernelCommand.USAGE)
final class KernelCommand implements Callable<Integer> {

  static final String NAME = "kernel";
  static final String DEFAULT_SERVER = "http://127.0.0.1:8998";

  static final String USAGE =
      "polybius kernel -f CONNECTION_FILE [--server URL] [--kind KIND]"
          + " [--session SESSION | --profile PROFILE] [--patience SECONDS]";

  private static final String FILE = "-f";
  private static final String SERVER = "--server";
  private static final String KIND = "--kind";
  private static final String SESSION = "--session";
  private static final String PROFILE = "--profile";
  private static final String PATIENCE = "--patience";
  private static final List<String> OPTIONS =
      List.of(FILE, SERVER, KIND, SESSION, PROFILE, PATIENCE);
  private static final long MAX_PATIENCE_SECONDS = Duration.ofDays(1).toSeconds();
  private static final String DEFAULT_KIND = "spark";

  @Unmatched private List<String> arguments;

  @Override
  public Integer call() throws CommandException {
    return run(arguments == null ? List.of() : arguments);
  }

  /** Runs the relay until the kernel ends, and returns the exit code of the process. */
  static int run(List<String> arguments) throws CommandException {
    if (arguments.contains("--help") || arguments.contains("-h")) {
      System.out.println("Usage: " + USAGE);
      return 0;
    }
    return KernelRelay.run(parse(arguments), System.getenv());
  }

  /** Reads options that are each followed by a value. */
  static RelayOptions parse(List<String> arguments) throws CommandException {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < arguments.size(); i += 2) {
      String option = arguments.get(i);
      if (!OPTIONS.contains(option)) {
        throw new CommandException(option + " is no option of: " + USAGE);
      }
      if (i + 1 == arguments.size()) {
        throw new CommandException(option + " needs a value: " + USAGE);
      }
      given.put(option, arguments.get(i + 1));
    }
    if (!given.containsKey(FILE)) {
      throw new CommandException("The connection file is missing: " + USAGE);
    }
    if (given.containsKey(SESSION) && given.containsKey(PROFILE)) {
      throw new CommandException("A session that is there has its settings already: " + USAGE);
    }
    String server = given.getOrDefault(SERVER, DEFAULT_SERVER);
    try {
      return new RelayOptions(
          new URI(server),
          Path.of(given.get(FILE)),
          given.getOrDefault(KIND, DEFAULT_KIND),
          Optional.ofNullable(given.get(SESSION)),
          Optional.ofNullable(given.get(PROFILE)),
          given.containsKey(PATIENCE)
              ? patience(given.get(PATIENCE))
              : RelayOptions.DEFAULT_PATIENCE);
    } catch (URISyntaxException e) {
      throw new CommandException(server + " is not the address of a server.", e);
    }
  }

  private static Duration patience(String seconds) throws CommandException {
    try {
      long number = Long.parseLong(seconds);
      if (number >= 0 && number <= MAX_PATIENCE_SECONDS) {
        return Duration.ofSeconds(number);
      }
    } catch (NumberFormatException e) {
      throw new CommandException(PATIENCE + " needs a number of seconds: " + USAGE, e);
    }
    throw new CommandException(PATIENCE + " is a day at most: " + USAGE);
  }
}
