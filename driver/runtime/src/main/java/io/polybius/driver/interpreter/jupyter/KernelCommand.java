package io.polybius.driver.interpreter.jupyter;

import io.polybius.driver.protocol.jupyter.InstalledKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the process of a kernel is started, as Jupyter does it. */
final class KernelCommand {

  private static final Pattern PYTHON = Pattern.compile("python(3(\\.\\d+)?)?");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");

  /** The kernel's folder is {@code share/jupyter/kernels/NAME} in it. */
  private static final int LEVELS_TO_PREFIX = 4;

  private final InstalledKernel kernel;
  private final Map<String, String> environment;

  /**
   * Makes one.
   *
   * @param environment the environment variables of the driver
   */
  KernelCommand(InstalledKernel kernel, Map<String, String> environment) {
    this.kernel = kernel;
    this.environment = environment;
  }

  /** Returns what starts the kernel. */
  ProcessBuilder builder(Path connectionFile) {
    List<String> command = new ArrayList<>();
    for (String argument : kernel.arguments()) {
      command.add(
          argument
              .replace("{connection_file}", connectionFile.toString())
              .replace("{resource_dir}", kernel.folder().toString()));
    }
    command.set(0, program(command.get(0)));
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
}
