package io.polybius.notebook;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The {@link Kernel} of this process, for the code in the REPL, which can only reach static
 * members.
 *
 * <p>The REPL imports the method and does not keep the kernel in a variable: its variables travel
 * to Spark's executors with the code that uses them, and there is no such class.
 */
public final class Notebook {

  private static final AtomicReference<Kernel> KERNEL = new AtomicReference<>();

  private Notebook() {}

  /**
   * Returns the kernel.
   *
   * @throws IllegalStateException in a process that runs no notebook
   */
  public static Kernel kernel() {
    return Optional.ofNullable(KERNEL.get())
        .orElseThrow(() -> new IllegalStateException("This process runs no notebook."));
  }

  /** Says, once, which kernel it is. */
  public static void provide(Kernel kernel) {
    KERNEL.compareAndSet(null, kernel);
  }
}
