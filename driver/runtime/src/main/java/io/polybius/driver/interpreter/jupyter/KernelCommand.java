package io.polybius.driver.interpreter.jupyter;

import io.polybius.driver.protocol.jupyter.InstalledKernel;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** How the process of a kernel is started and sent signals, as Jupyter does it. */
final class KernelCommand {

  private static final Pattern PYTHON = Pattern.compile("python(3(\\.\\d+)?)?");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

  /** The kernel's folder is {@code share/jupyter/kernels/NAME} in it. */
  private static final int LEVELS_TO_PREFIX = 4;

  private final InstalledKernel kernel;
  private final Map<String, String> environment;
  private final Optional<Path> setsid;

  /**
   * Makes one.
   *
   * @param environment the environment variables of the driver
   */
  KernelCommand(InstalledKernel kernel, Map<String, String> environment) {
    this.kernel = kernel;
    this.environment = environment;
    this.setsid = find("setsid");
  }

  private Optional<Path> find(String program) {
    return Stream.of(environment.getOrDefault("PATH", "").split(File.pathSeparator))
        .filter(folder -> folder.startsWith(File.separator))
        .map(folder -> Path.of(folder, program))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .findFirst();
  }

  /** Returns what starts the kernel, in a process group of its own where this system can do so. */
  ProcessBuilder builder(Path connectionFile) {
    List<String> command = new ArrayList<>();
    setsid.ifPresent(program -> command.add(program.toString()));
    for (String argument : kernel.arguments()) {
      command.add(
          argument
              .replace("{connection_file}", connectionFile.toString())
              .replace("{resource_dir}", kernel.folder().toString()));
    }
    int program = setsid.isPresent() ? 1 : 0;
    command.set(program, program(command.get(program)));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(variables());
    // Kernels that are written in Python end by themselves when this process is gone.
    builder.environment().put("JPY_PARENT_PID", String.valueOf(ProcessHandle.current().pid()));
    return builder;
  }

  /** The kernels of a Python's packages say just "python", and mean the one that they belong to. */
  private String program(String name) {
    Path prefix = kernel.folder().toAbsolutePath();
    for (int i = 0; i < LEVELS_TO_PREFIX && prefix != null; i++) {
      prefix = prefix.getParent();
    }
    if (prefix == null || !PYTHON.matcher(name).matches()) {
      return name;
    }
    Path own = prefix.resolve("bin").resolve(name);
    return Files.isExecutable(own) ? own.toString() : name;
  }

  private Map<String, String> variables() {
    Map<String, String> variables = new HashMap<>();
    kernel
        .environment()
        .forEach(
            (name, value) ->
                variables.put(
                    name,
                    VARIABLE
                        .matcher(value)
                        .replaceAll(
                            variable ->
                                Matcher.quoteReplacement(
                                    environment.getOrDefault(
                                        variable.group(1), variable.group())))));
    return variables;
  }

  /**
   * Returns what sends a signal to a kernel, and to its group: what it runs in other processes is
   * to stop as well, as it does when a key is pressed in a terminal.
   */
  ProcessBuilder signal(String signal, long pid) {
    String receiver = setsid.isPresent() ? "-" + pid : String.valueOf(pid);
    return new ProcessBuilder(
        "/bin/sh", "-c", "kill -s \"$1\" -- \"$2\"", "kill", signal, receiver);
  }
}
