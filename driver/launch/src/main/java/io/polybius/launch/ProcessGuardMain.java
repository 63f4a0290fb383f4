package io.polybius.launch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The process of {@link ProcessGuard}. It needs nothing but the JDK and this package's own classes.
 */
final class ProcessGuardMain {

  private static final String WATCH = "watch";
  private static final String FORGET = "forget";

  private record Watched(ProcessTree tree, Path directory) {}

  private ProcessGuardMain() {}

  static String watchLine(long pid, Path directory) {
    return WATCH + " " + pid + " " + directory;
  }

  static String forgetLine(long pid) {
    return FORGET + " " + pid;
  }

  /** Reads what to watch until nobody is left who could write it, and then ends all of that. */
  public static void main(String[] arguments) throws IOException {
    Map<String, Watched> watched = new HashMap<>();
    BufferedReader server =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = server.readLine(); line != null; line = server.readLine()) {
      String[] words = line.split(" ", 3);
      String pid = words[1];
      if (words[0].equals(WATCH)) {
        Path directory = Path.of(words[2]);
        ProcessHandle.of(Long.parseLong(pid))
            .ifPresent(
                root -> watched.put(pid, new Watched(new ProcessTree(root, directory), directory)));
      } else {
        watched.remove(pid);
      }
    }
    watched.values().forEach(each -> each.tree().kill());
    for (Watched each : watched.values()) {
      each.tree().killUntilGone();
      FileTree.delete(each.directory());
    }
  }
}
