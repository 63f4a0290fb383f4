package io.polybius.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The jars that have certain classes: those that the program runs with, and for classes that are in
 * a folder or only in memory one that is made for them, and removed again.
 */
final class ClassJars implements AutoCloseable {

  private final Set<Path> jars = new LinkedHashSet<>();
  private final Set<Path> made = new LinkedHashSet<>();

  /**
   * Finds or makes them.
   *
   * @throws IllegalArgumentException if a class is one of the JDK, or nobody has its bytes
   */
  ClassJars(Class<?>... types) throws IOException {
    Set<Path> folders = new LinkedHashSet<>();
    Set<Class<?>> loose = new LinkedHashSet<>();
    for (Class<?> type : types) {
      Optional<Path> source = sourceOf(type);
      if (source.isPresent() && Files.isDirectory(source.get())) {
        folders.add(source.get());
      } else if (source.isPresent() && isJar(source.get())) {
        jars.add(source.get());
      } else {
        loose.addAll(Set.of(type.getNestHost().getNestMembers()));
      }
    }
    try {
      for (Path folder : folders) {
        addFolder(folder);
      }
      if (!loose.isEmpty()) {
        addClasses(loose);
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private static Optional<Path> sourceOf(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    if (loader == null || loader == ClassLoader.getPlatformClassLoader()) {
      throw new IllegalArgumentException(type.getName() + " is a class of the JDK.");
    }
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return Optional.empty();
    }
    try {
      URI location = source.getLocation().toURI();
      return "file".equals(location.getScheme())
          ? Optional.of(Path.of(location))
          : Optional.empty();
    } catch (URISyntaxException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static boolean isJar(Path file) {
    return Files.isRegularFile(file) && file.getFileName().toString().endsWith(".jar");
  }

  private void addFolder(Path folder) throws IOException {
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(newJar()));
        Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().collect(Collectors.toList())) {
        StringBuilder name = new StringBuilder();
        for (Path each : folder.relativize(file)) {
          name.append(name.length() == 0 ? "" : "/").append(each);
        }
        if (!name.toString().equals("META-INF/MANIFEST.MF")) {
          out.putNextEntry(new JarEntry(name.toString()));
          Files.copy(file, out);
        }
      }
    }
  }

  private void addClasses(Set<Class<?>> types) throws IOException {
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(newJar()))) {
      for (Class<?> type : types) {
        String name = type.getName().replace('.', '/') + ".class";
        try (InputStream in = type.getClassLoader().getResourceAsStream(name)) {
          if (in == null) {
            throw new IllegalArgumentException(
                "Nobody has the bytes of "
                    + type.getName()
                    + ": make a jar of it and upload that.");
          }
          out.putNextEntry(new JarEntry(name));
          in.transferTo(out);
        }
      }
    }
  }

  private Path newJar() throws IOException {
    Path jar = Files.createTempFile("polybius-classes-", ".jar");
    made.add(jar);
    jars.add(jar);
    return jar;
  }

  Set<Path> jars() {
    return jars;
  }

  @Override
  public void close() throws IOException {
    for (Path jar : made) {
      Files.deleteIfExists(jar);
    }
  }
}
