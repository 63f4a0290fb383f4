package io.polybius.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may use whom: the table of docs/architecture.md. What a module may use is complete. */
class ArchitectureTest {

  private static final int MANY_CLASSES = 150;
  private static final String PROTOCOL = "io.polybius.driver.protocol..";
  private static final String SESSION = "io.polybius.session..";
  private static final String NETTY = "io.netty..";
  private static final String KRYO = "com.esotericsoftware.kryo.kryo5..";
  private static final String LOGGING = "org.slf4j..";
  private static final String JACKSON = "com.fasterxml.jackson..";
  private static final String METRICS = "com.codahale.metrics..";
  private static final String UNDERTOW = "io.undertow..";
  private static final String UNDERTOW_IO = "org.xnio..";
  private static final String JEROMQ = "org.zeromq..";

  private static final Map<String, List<String>> MAY_USE =
      Map.ofEntries(
          Map.entry(
              "io.polybius.job..",
              List.of("org.apache.spark.api.java..", "org.apache.spark.sql..")),
          Map.entry("io.polybius.client..", List.of("io.polybius.job..", JACKSON)),
          Map.entry(PROTOCOL, List.of(NETTY, KRYO, JACKSON, LOGGING)),
          Map.entry("io.polybius.notebook..", List.of(PROTOCOL)),
          Map.entry("io.polybius.magic..", List.of(PROTOCOL, JACKSON, "org.knowm.xchart..")),
          Map.entry(SESSION, List.of(PROTOCOL, LOGGING)),
          Map.entry(
              "io.polybius.launch..", List.of(PROTOCOL, SESSION, "org.bouncycastle..", LOGGING)),
          Map.entry(
              "io.polybius.yarn..",
              List.of("io.polybius.launch.cluster..", SESSION, "org.apache.hadoop..", LOGGING)),
          Map.entry(
              "io.polybius.kubernetes..",
              List.of("io.polybius.launch.cluster..", SESSION, "io.fabric8..", LOGGING)),
          Map.entry(
              "io.polybius.kernel..",
              List.of(PROTOCOL, SESSION, JEROMQ, JACKSON, UNDERTOW, UNDERTOW_IO, LOGGING)),
          Map.entry(
              "io.polybius.rest..",
              List.of(PROTOCOL, SESSION, JACKSON, METRICS, UNDERTOW, UNDERTOW_IO, LOGGING)));

  private static final SliceAssignment MODULES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
          String name = type.getPackageName();
          if (!name.startsWith("io.polybius.")) {
            return SliceIdentifier.ignore();
          }
          return name.startsWith("io.polybius.driver.protocol")
              ? SliceIdentifier.of("protocol")
              : SliceIdentifier.of(name.split("\\.")[2]);
        }

        @Override
        public String getDescription() {
          return "modules";
        }
      };

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.polybius");

  static List<String> modules() {
    return List.copyOf(MAY_USE.keySet());
  }

  @ParameterizedTest
  @MethodSource("modules")
  void moduleUsesOnlyWhatItMay(String module) {
    List<String> allowed = new ArrayList<>(MAY_USE.get(module));
    // Primitive types are in the package without a name.
    allowed.addAll(List.of(module, "java..", "javax..", "com.sun.management..", ""));
    classes()
        .that()
        .resideInAPackage(module)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(allowed.toArray(String[]::new))
        .check(CLASSES);
  }

  @Test
  void driverUsesNothingOfTheServer() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.polybius.driver", "io.polybius.driver.interpreter", "io.polybius.driver.job")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            SESSION,
            "io.polybius.launch..",
            "io.polybius.kernel..",
            "io.polybius.rest..",
            "io.polybius.server..",
            UNDERTOW,
            JEROMQ,
            "org.bouncycastle..")
        .check(CLASSES);
  }

  @Test
  void nothingUsesTheServerModuleAndItUsesNoDriver() {
    noClasses()
        .that()
        .resideOutsideOfPackages("io.polybius.server..", "io.polybius.bench..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.polybius.server..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("io.polybius.server..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.polybius.driver",
            "io.polybius.driver.interpreter",
            "io.polybius.driver.job",
            "org.apache.livy..",
            "io.polybius.notebook..",
            "io.polybius.magic..",
            "io.polybius.yarn..")
        .check(CLASSES);
  }

  @Test
  void onlyTheBridgeAndTheCompilerForQuestionsCallTheScalaCompiler() {
    noClasses()
        .that()
        .haveNameNotMatching(".*\\.(ScalaBridge|PresentationCompiler)(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("scala.tools..")
        .check(CLASSES);
  }

  @Test
  void onlyTheYarnClientUsesHadoop() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "io.polybius.yarn..", "io.polybius.driver..", "io.polybius.cluster..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.hadoop..")
        .check(CLASSES);
  }

  @Test
  void modulesHaveNoCycles() {
    slices().assignedFrom(MODULES).should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void nobodySleepsOrThrowsTheUnspecific() {
    noClasses().should().callMethod(Thread.class, "sleep", long.class).check(CLASSES);
    NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS.check(CLASSES);
  }

  @Test
  void staticFieldsAreFinal() {
    noFields()
        .that()
        .areStatic()
        .and()
        .doNotHaveModifier(JavaModifier.SYNTHETIC)
        .should()
        .notBeFinal()
        .check(CLASSES);
  }

  @Test
  void allModulesWereLookedAt() {
    assertThat(CLASSES.size()).isGreaterThan(MANY_CLASSES);
    for (String module : modules()) {
      String name = module.substring(0, module.length() - 2);
      assertThat(CLASSES.stream().anyMatch(type -> type.getPackageName().startsWith(name)))
          .as(module)
          .isTrue();
    }
    assertThat(Arrays.asList("io.polybius.driver", "io.polybius.server"))
        .allMatch(name -> CLASSES.stream().anyMatch(type -> type.getPackageName().equals(name)));
  }
}
