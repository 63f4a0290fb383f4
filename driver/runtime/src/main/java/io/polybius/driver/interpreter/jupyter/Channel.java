package io.polybius.driver.interpreter.jupyter;

/** What a client and a kernel say to each other, by its purpose. Each has a socket of its own. */
enum Channel {
  /** Requests that the kernel takes one after the other, and their replies. */
  SHELL("shell_port"),
  /** Requests that do not wait for those. */
  CONTROL("control_port"),
  /** Questions of the kernel to the user. */
  STDIN("stdin_port"),
  /** What the kernel puts out. */
  IOPUB("iopub_port");

  private final String portName;

  Channel(String portName) {
    this.portName = portName;
  }

  /** Returns the name of its port in connection files. */
  String portName() {
    return portName;
  }
}
