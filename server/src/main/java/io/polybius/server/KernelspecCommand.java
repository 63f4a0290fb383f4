package io.polybius.server;

import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.kernel.KernelSpec;
import io.polybius.kernel.KernelSpecs;
import io.polybius.launch.LocalLauncher;
import io.polybius.server.kernelspec.JupyterFolders;
import io.polybius.server.kernelspec.KernelspecInstaller;
import io.polybius.session.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes the server's kernels known to Jupyter. */
@Command(
    name = "kernelspec",
    description = "Make the server's kernels known to Jupyter on this machine.",
    synopsisSubcommandLabel = "(install | list | remove)")
final class KernelspecCommand {

  private static final KernelSpecs LANGUAGES = KernelSpecs.ALL.of(LocalLauncher.LANGUAGES);

  @Spec private CommandSpec command;

  /** Where to. */
  static final class Place {

    // Only there to be said: without any place it is this one.
    @SuppressWarnings("UnusedVariable")
    @Option(names = "--user", description = "For this user (the default).")
    private boolean user;

    @Option(names = "--sys-prefix", description = "Into the python3 on the PATH.")
    private boolean sysPrefix;

    @Option(names = "--prefix", paramLabel = "FOLDER", description = "Into this installation.")
    private Path prefix;
  }

  @Command(name = "install", description = "Install a kernelspec.")
  int install(
      @ArgGroup(exclusive = true) Place place,
      @Option(
              names = "--server",
              paramLabel = "URL",
              defaultValue = KernelCommand.DEFAULT_SERVER,
              description = "The server that kernels run on (default: ${DEFAULT-VALUE}).")
          URI server,
      @Option(
              names = "--kind",
              paramLabel = "KIND",
              description = {
                "Only this language: spark, pyspark, sparkr, sql, or jupyter:NAME for a Jupyter kernel that the",
                "server's machine has. Without it those of all languages but Jupyter kernels are",
                "installed, and with --session that of Scala."
              })
          Optional<String> kind,
      @Option(
              names = "--name",
              paramLabel = "NAME",
              description = "The kernelspec's name, of one --kind (default: polybius-scala).")
          Optional<String> name,
      @Option(
              names = "--aliases",
              description = {
                "Also install them by the names that notebooks of sparkmagic and Apache Toree ask",
                "for: sparkkernel, pysparkkernel, apache_toree_scala and the like."
              })
          boolean aliases,
      @Option(
              names = "--session",
              paramLabel = "SESSION",
              description = "Attach kernels to this running session instead of opening new ones.")
          Optional<String> session,
      @Option(
              names = "--profile",
              paramLabel = "PROFILE",
              description = {
                "Open sessions with this launch profile of the server. The kernelspecs are named",
                "after it, such as polybius-scala-PROFILE."
              })
          Optional<String> profile,
      @Option(
              names = "--title",
              paramLabel = "TITLE",
              description = "How people read the --profile (default: its name).")
          Optional<String> title,
      @Option(
              names = "--token-file",
              paramLabel = "FILE",
              description = "File with the server's access token, if it asks for one.")
          Optional<Path> tokenFile)
      throws CommandException, IOException, InterruptedException {
    if (server.getHost() == null || !List.of("http", "https").contains(server.getScheme())) {
      throw new ParameterException(
          command.subcommands().get("install"),
          "--server needs an address such as " + KernelCommand.DEFAULT_SERVER);
    }
    refuseContradictions(session, profile, title);
    boolean isOne = kind.isPresent() || name.isPresent() || session.isPresent();
    for (KernelSpec language : isOne ? List.of(spec(kind)) : LANGUAGES.list()) {
      KernelSpec spec =
          profile.map(named -> language.withProfile(named, title.orElse(named))).orElse(language);
      List<Path> installed =
          installer()
              .install(
                  folder(place),
                  new KernelspecInstaller.Request(
                      spec,
                      name.orElse(spec.name() + session.map(id -> "-session-" + id).orElse("")),
                      aliases ? spec.aliases() : List.of(),
                      server,
                      session,
                      tokenFile));
      for (Path folder : installed) {
        say("Installed kernelspec %s in %s".formatted(folder.getFileName(), folder));
      }
    }
    tokenFile
        .filter(file -> !Files.isReadable(file))
        .ifPresent(
            file ->
                command
                    .commandLine()
                    .getErr()
                    .println(file + " cannot be read yet; kernels cannot start before it can."));
    return 0;
  }

  private void refuseContradictions(
      Optional<String> session, Optional<String> profile, Optional<String> title) {
    if (session.isPresent() && profile.isPresent()) {
      throw new ParameterException(
          command.subcommands().get("install"),
          "--session and --profile exclude each other: a session that is there has its settings"
              + " already");
    }
    if (title.isPresent() && profile.isEmpty()) {
      throw new ParameterException(
          command.subcommands().get("install"), "--title is for a --profile");
    }
  }

  private KernelSpec spec(Optional<String> kind) throws InterruptedException {
    String wanted = kind.orElse(Kind.SPARK.canonicalName());
    Optional<String> jupyterKernel = Kind.find(wanted).flatMap(Kind::jupyterKernel);
    if (jupyterKernel.isPresent()) {
      return jupyterKernel(jupyterKernel.get());
    }
    return LANGUAGES
        .find(wanted)
        .orElseThrow(
            () ->
                new ParameterException(
                    command.subcommands().get("install"),
                    "--kind is spark, pyspark, sparkr, sql or jupyter:NAME, and not " + wanted));
  }

  /** Describes a Jupyter kernel of the server's machine, which may be another one than this. */
  private static KernelSpec jupyterKernel(String name) throws InterruptedException {
    return KernelSpec.of(
        InstalledKernel.in(folders()).stream()
            .filter(kernel -> kernel.name().equals(name))
            .findFirst()
            .orElseGet(
                () ->
                    new InstalledKernel(
                        name, Path.of(name), List.of(), Map.of(), name, name, false)));
  }

  @Command(name = "list", description = "List the kernelspecs of this program.")
  int list() throws CommandException, IOException, InterruptedException {
    for (KernelspecInstaller.Installed kernelspec : installer().installed(folders())) {
      say(
          "%s  %s  %s"
              .formatted(
                  kernelspec.name(),
                  kernelspec.server()
                      + kernelspec.session().map(id -> ", session " + id).orElse("")
                      + kernelspec.profile().map(name -> ", profile " + name).orElse(""),
                  kernelspec.folder()));
    }
    return 0;
  }

  @Command(name = "remove", description = "Remove kernelspecs of this program.")
  int remove(
      @Parameters(paramLabel = "NAME", arity = "1..*", description = "Their names.")
          List<String> names)
      throws CommandException, IOException, InterruptedException {
    for (String name : names) {
      List<Path> gone = installer().remove(folders(), name);
      gone.forEach(folder -> say("Removed " + folder));
      if (gone.isEmpty()) {
        throw new CommandException(
            "There is no kernelspec " + name + " of this program; see: polybius kernelspec list");
      }
    }
    return 0;
  }

  private static KernelspecInstaller installer() throws CommandException {
    return new KernelspecInstaller(Installation.ofThisProcess().script());
  }

  private static JupyterFolders jupyter() {
    return JupyterFolders.ofThisMachine(System.getenv());
  }

  private static Path folder(Place place) throws CommandException, InterruptedException {
    if (place != null && place.prefix != null) {
      return JupyterFolders.under(place.prefix.toAbsolutePath());
    }
    if (place != null && place.sysPrefix) {
      return JupyterFolders.under(
          Python.find()
              .orElseThrow(
                  () ->
                      new CommandException(
                          "There is no python3 on the PATH; use --user or --prefix."))
              .prefix());
    }
    return jupyter().user();
  }

  private static List<Path> folders() throws InterruptedException {
    return jupyter().all(Python.find().map(Python::prefix));
  }

  private void say(String line) {
    command.commandLine().getOut().println(line);
  }
}
