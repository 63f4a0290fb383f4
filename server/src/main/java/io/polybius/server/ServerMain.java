package io.polybius.server;

import io.polybius.server.config.ConfigException;
import io.polybius.session.spi.LaunchException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The program behind {@code bin/polybius}. */
@Command(
    name = "polybius",
    description = "One server for remote Spark sessions, with a Jupyter and a Livy REST door.",
    subcommands = {
      ServeCommand.class,
      DemoCommand.class,
      KernelspecCommand.class,
      KernelCommand.class,
      ConnectCommand.class,
      DoctorCommand.class,
      PrepareCommand.class,
      TrainCommand.class,
      VersionCommand.class,
      HelpCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "%nThe launcher script has more commands:",
      "  bench       Measure session starts and round trips on this machine, or on YARN.",
      "  cluster     Run YARN or a standalone cluster on this machine, to try sessions on it."
    })
public final class ServerMain {

  private static final int HELP_WIDTH = 100;

  private ServerMain() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  private static int run(String[] arguments) {
    if (arguments.length > 0 && arguments[0].equals(KernelCommand.NAME)) {
      try {
        return KernelCommand.run(Arrays.asList(arguments).subList(1, arguments.length));
      } catch (CommandException e) {
        System.err.println("polybius: " + e.getMessage());
        return CommandLine.ExitCode.USAGE;
      }
    }
    CommandLine commandLine =
        new CommandLine(new ServerMain())
            .setExecutionExceptionHandler(ServerMain::fail)
            .setUsageHelpWidth(HELP_WIDTH);
    addHelp(commandLine);
    return commandLine.execute(arguments);
  }

  /** Lets every command explain itself. */
  private static void addHelp(CommandLine command) {
    if (!command.getCommandSpec().optionsMap().containsKey("--help")) {
      command
          .getCommandSpec()
          .addOption(
              OptionSpec.builder("-h", "--help")
                  .usageHelp(true)
                  .description("Show this help.")
                  .build());
    }
    command.getSubcommands().values().forEach(ServerMain::addHelp);
  }

  private static int fail(Exception failure, CommandLine command, ParseResult parsed)
      throws Exception {
    PrintWriter err = command.getErr();
    if (failure instanceof ConfigException config) {
      err.println("polybius: these settings are wrong:");
      config.problems().forEach(problem -> err.println("  " + problem));
    } else if (failure instanceof CommandException
        || failure instanceof LaunchException
        || failure instanceof IOException) {
      err.println("polybius: " + explain(failure));
    } else {
      throw failure;
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Most failures of the file system have nothing but the file for a message. */
  private static String explain(Exception failure) {
    if (!(failure instanceof FileSystemException file) || file.getReason() != null) {
      return failure.getMessage();
    }
    String why = file.getClass().getSimpleName();
    if (file instanceof NoSuchFileException) {
      why = "there is no such file or folder, and none can be made";
    } else if (file instanceof AccessDeniedException) {
      why = "permission denied";
    } else if (file instanceof FileAlreadyExistsException) {
      why = "it is there already, and of another kind";
    }
    return file.getFile() + ": " + why;
  }
}
