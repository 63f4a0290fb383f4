package io.polybius.kernel;

import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.session.Kind;
import io.polybius.session.LaunchProfile;
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
              KernelSpec.of(
                  Kind.SPARK,
                  "scala",
                  "Spark Scala",
                  "scala",
                  List.of("sparkkernel", "apache_toree_scala")),
              KernelSpec.of(
                  Kind.PYSPARK,
                  "python",
                  "Spark Python",
                  "python",
                  List.of("pysparkkernel", "pyspark3kernel", "apache_toree_pyspark")),
              KernelSpec.of(
                  Kind.SPARKR, "r", "Spark R", "R", List.of("sparkrkernel", "apache_toree_sparkr")),
              KernelSpec.of(Kind.SQL, "sql", "Spark SQL", "sql", List.of("apache_toree_sql"))));

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

  /** Returns these, and behind them those of their languages with launch profiles. */
  public KernelSpecs withProfiles(List<LaunchProfile> profiles) {
    Stream<KernelSpec> more =
        profiles.stream()
            .flatMap(
                profile ->
                    specs.stream()
                        .filter(spec -> profile.isFor(spec.kind()))
                        .map(spec -> spec.withProfile(profile.name(), profile.title())));
    return new KernelSpecs(Stream.concat(specs.stream(), more).toList());
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
