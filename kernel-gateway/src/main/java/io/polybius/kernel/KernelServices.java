package io.polybius.kernel;

import io.polybius.kernel.history.HistoryStore;
import java.time.Clock;
import java.util.List;

/**
 * What all kernels of a server share.
 *
 * @param version version of this software, shown to clients
 * @param clock tells the time
 * @param timer does things later
 * @param history keeps what was run
 * @param showsProgress whether cells show how far their Spark jobs and the start of their driver
 *     are
 * @param jupyterKernels the names of installed Jupyter kernels that are offered as kernels of this
 *     server, in lower case
 */
public record KernelServices(
    String version,
    Clock clock,
    KernelTimer timer,
    HistoryStore history,
    boolean showsProgress,
    List<String> jupyterKernels) {

  /** Copies the list. */
  public KernelServices {
    jupyterKernels = List.copyOf(jupyterKernels);
  }
}
