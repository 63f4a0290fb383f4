package io.polybius.cluster;

import io.polybius.launch.FileTree;
import io.polybius.launch.ProcessTree;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * The process beside a cluster that ends it when whoever has started the cluster is gone, even if
 * that was killed. It needs nothing but the JDK and the project's own classes.
 */
final class ClusterGuard {

  private ClusterGuard() {}

  /** Waits until nobody is left who could write to it, and then ends the cluster of a folder. */
  public static void main(String[] arguments) throws IOException {
    System.in.transferTo(OutputStream.nullOutputStream());
    end(Path.of(arguments[0]));
  }

  /** Ends all processes of a cluster, those of its applications too, and removes its folder. */
  static void end(Path folder) throws IOException {
    new ProcessTree(folder).killUntilGone();
    FileTree.delete(folder);
  }
}
