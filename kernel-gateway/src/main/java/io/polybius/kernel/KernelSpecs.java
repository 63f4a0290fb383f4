package io.polybius.kernel;

import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.Kind;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The kernelspecs that are offered: the one place where their names are. Both who installs them on
 * a client's machine and who lists them over HTTP asks here.
 */
public final class KernelSpecs {

  static final String PREFIX = "polybius-";

  /** The kernelspecs of all languages that there could be. */
  public static final KernelSpecs ALL =
      new KernelSpecs(
          List.of(
              new KernelSpec(
                  Kind.SPARK,
                  PREFIX + "scala",
                  "Spark Scala (Polybius)",
                  "scala",
                  "scala",
                  List.of("sparkkernel", "apache_toree_scala")),
              new KernelSpec(
                  Kind.PYSPARK,
                  PREFIX + "python",
                  "Spark Python (Polybius)",
                  "python",
                  "python",
                  List.of("pysparkkernel", "pyspark3kernel", "apache_toree_pyspark")),
              new KernelSpec(
                  Kind.SPARKR,
                  PREFIX + "r",
                  "Spark R (Polybius)",
                  "R",
                  "r",
                  List.of("sparkrkernel", "apache_toree_sparkr")),
              new KernelSpec(
                  Kind.SQL,
                  PREFIX + "sql",
                  "Spark SQL (Polybius)",
                  "sql",
                  "sql",
                  List.of("apache_toree_sql"))));

  private final List<KernelSpec> specs;

  private KernelSpecs(List<KernelSpec> specs) {
    this.specs = List.copyOf(specs);
  }

  /** Returns those of some languages only. */
  public KernelSpecs of(Set<Kind> languages) {
    return new KernelSpecs(specs.stream().filter(spec -> languages.contains(spec.kind())).toList());
  }

  /** Returns these, and behind them those of some Jupyter kernels. */
  public KernelSpecs with(List<InstalledKernel> kernels) {
    return new KernelSpecs(
        Stream.concat(specs.stream(), kernels.stream().map(KernelSpec::of)).toList());
  }

  /** Returns them all, the one to prefer first. */
  public List<KernelSpec> list() {
    return specs;
  }

  /**
   * Returns the one of that name or alias, or of a language of that name; capitals do not count.
   */
  public Optional<KernelSpec> find(String name) {
    return specs.stream().filter(spec -> spec.isCalled(name)).findFirst();
  }
}
