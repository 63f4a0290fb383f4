package io.polybius.launch.cluster;

import java.util.List;

/**
 * Shows of the server's classes only those that a cluster's client shares with it: the language
 * that both speak, and the log. All others are hidden, so that the client finds its own libraries.
 */
final class SharedClasses extends ClassLoader {

  private static final List<String> SHARED =
      List.of(
          "io.polybius.launch.cluster.", "io.polybius.session.ClusterApplication", "org.slf4j.");

  private final ClassLoader server;

  SharedClasses(ClassLoader server) {
    super("shared-classes", ClassLoader.getPlatformClassLoader());
    this.server = server;
  }

  /** Called when the JDK does not have the class. */
  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    if (SHARED.stream().noneMatch(name::startsWith)) {
      throw new ClassNotFoundException(name);
    }
    return server.loadClass(name);
  }
}
