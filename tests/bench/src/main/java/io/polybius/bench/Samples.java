package io.polybius.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Times of one measurement, in the order in which they were taken. */
final class Samples {

  private final String name;
  private final List<Long> nanos = new ArrayList<>();

  Samples(String name) {
    this.name = name;
  }

  /** Something that takes time. */
  interface Work {
    void run() throws Exception;
  }

  /** Does the work so many times and keeps how long each took. */
  static Samples measure(String name, int times, Work work) throws Exception {
    Samples samples = new Samples(name);
    for (int i = 0; i < times; i++) {
      samples.add(nanos(work));
    }
    return samples;
  }

  /** Does the work and returns how long that took. */
  static long nanos(Work work) throws Exception {
    long begin = System.nanoTime();
    work.run();
    return System.nanoTime() - begin;
  }

  /** Adds a time. */
  void add(long nanoseconds) {
    nanos.add(nanoseconds);
  }

  /** Adds the times of another measurement. */
  void addAll(Samples other) {
    nanos.addAll(other.nanos);
  }

  /** Returns the samples from {@code from} to before {@code to} under another name. */
  Samples part(String newName, int from, int to) {
    Samples part = new Samples(newName);
    nanos.subList(Math.min(from, nanos.size()), Math.min(to, nanos.size())).forEach(part::add);
    return part;
  }

  /** Returns how many there are. */
  int count() {
    return nanos.size();
  }

  /** Returns a quantile in milliseconds. */
  double millis(double quantile) {
    List<Long> sorted = nanos.stream().sorted().toList();
    int index = Math.min(sorted.size() - 1, (int) (sorted.size() * quantile));
    return sorted.get(index) / 1e6;
  }

  /** Prints a line with the number, the median and the 99th percentile. */
  void print() {
    if (nanos.isEmpty()) {
      System.out.printf(Locale.ROOT, "%-62s %5d %10s %10s%n", name, 0, "-", "-");
    } else {
      System.out.printf(
          Locale.ROOT, "%-62s %5d %10.2f %10.2f%n", name, nanos.size(), millis(0.5), millis(0.99));
    }
  }

  /** Prints the heading of such lines. */
  static void printHeading() {
    System.out.printf("%-62s %5s %10s %10s%n", "milliseconds", "n", "p50", "p99");
  }
}
