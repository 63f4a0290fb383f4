package io.polybius.driver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import io.polybius.job.Job;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes of our own client, and bytes that only look so. */
@Timeout(60)
class JavaCodecTest {

  private static final ClassLoader LOADER = JavaCodecTest.class.getClassLoader();

  /** As threads of jobs have it. */
  private static final long STACK_BYTES = 16 << 20;

  @TempDir private static Path folder;

  private record Point(int x, List<String> names) implements Serializable {}

  /** Has what cannot be written, two steps away. */
  private static final class Holder implements Serializable {
    private static final long serialVersionUID = 1;

    @SuppressWarnings("unused")
    private final List<Object> held = List.of(new Object());
  }

  private static byte[] bytes(Object object) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    return bytes.toByteArray();
  }

  private static <T> Job<T> returning(T value) {
    return context -> value;
  }

  private static String refusal(byte[] payload, ClassLoader loader) {
    try {
      return "read " + new JavaCodec(loader).read(payload);
    } catch (JobException e) {
      return e.getMessage();
    }
  }

  private static String refusal(byte[] payload) {
    return refusal(payload, LOADER);
  }

  @Test
  void firstBytesTellTheForm() throws Exception {
    assertThat(JobCodec.of(bytes("x"), LOADER)).isInstanceOf(JavaCodec.class);
    assertThat(JobCodec.of(new byte[] {1, 0}, LOADER)).isInstanceOf(KryoCodec.class);
    assertThat(JobCodec.of(new byte[0], LOADER)).isInstanceOf(KryoCodec.class);
  }

  @Test
  void lambdaIsReadWithWhatItHasCaptured() throws Exception {
    Map<String, Object> map = new HashMap<>(Map.of("a", new long[] {1, 2}));
    map.put("b", TimeUnit.DAYS);
    Object value = List.of(new Point(1, List.of("a", "b")), map, int.class, new HashMap<>());

    assertThat(new JavaCodec(LOADER).read(bytes(returning(value))).call(null))
        .usingRecursiveComparison()
        .isEqualTo(value);
  }

  @Test
  void resultIsReadByAClient() throws Exception {
    Point point = new Point(3, List.of("x"));
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(new JavaCodec(LOADER).write(point)))) {
      assertThat(in.readObject()).isEqualTo(point);
    }
  }

  @Test
  void collectionsOfScalaAreSentAsThoseOfJava() throws Exception {
    List<Object> value =
        List.of(
            scala.collection.JavaConverters.seqAsJavaList(
                scala.collection.JavaConverters.asScalaBuffer(List.of(1, 2)).toList()),
            Map.of("k", "v"));
    byte[] written = new JavaCodec(LOADER).write(value);

    assertThat(new String(written, StandardCharsets.ISO_8859_1)).doesNotContain("scala.");
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(written))) {
      assertThat(in.readObject()).isEqualTo(value);
    }
  }

  @Test
  void largeMapsAndArraysAreRead() throws Exception {
    Map<Integer, Integer> map = new HashMap<>(16, 0.25f);
    for (int i = 0; i < 50_000; i++) {
      map.put(i, i);
    }
    Object[] all = {map, new double[100_000], new boolean[100_000], "x".repeat(100_000)};

    assertThat(refusal(bytes(returning(all)))).startsWith("read ");
  }

  @Test
  void resultThatCannotBeWrittenIsNamedWithTheWayToIt() {
    assertThatThrownBy(() -> new JavaCodec(LOADER).write(new Holder()))
        .isInstanceOf(JobException.class)
        .hasMessageStartingWith("The result, a " + Holder.class.getName())
        .hasMessageContaining("cannot be serialized: java.io.NotSerializableException")
        .hasMessageContaining("java.lang.Object")
        .hasMessageContaining("field (class: " + Holder.class.getName() + ", name: held");
  }

  @Test
  void resultThatIsTooLargeIsRefusedWhileItIsWritten() {
    byte[] one = new byte[JobSucceeded.MAX_BYTES / 2];
    List<byte[]> many = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      many.add(one.clone());
    }
    assertThatThrownBy(() -> new JavaCodec(LOADER).write(many))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("takes more than 32 MiB when it is serialized");
  }

  @Test
  void resultThatIsNestedTooDeeplyIsRefused() throws Exception {
    List<Object> deep = new ArrayList<>();
    for (int i = 0; i < 200_000; i++) {
      deep = new ArrayList<>(Arrays.asList((Object) deep));
    }
    Object value = deep;
    assertThatThrownBy(() -> new JavaCodec(LOADER).write(value))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("nested too deeply");
  }

  @Test
  void whatIsNoJobIsSaidSo() throws Exception {
    assertThat(refusal(bytes(new StringBuilder("x"))))
        .startsWith("This is no job: java.lang.StringBuilder does not implement io.polybius.job");
    assertThat(refusal(bytes((Supplier<String> & Serializable) () -> "x")))
        .startsWith("This is no job: ");
    assertThat(refusal(bytes(null))).isEqualTo("No job was sent, but null.");
  }

  // ---- classes that differ

  private static ClassLoader compile(String version, String name, String source)
      throws IOException {
    Path classes = Files.createDirectories(folder.resolve(version));
    Path file = Files.writeString(classes.resolve(name + ".java"), source);
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                file.toString());
    assertThat(status).isZero();
    return new URLClassLoader(new URL[] {classes.toUri().toURL()}, LOADER);
  }

  private static Object job(ClassLoader loader, String name) throws Exception {
    return loader.loadClass(name).getMethod("job").invoke(null);
  }

  private static String lambda(String more) {
    return "import io.polybius.job.*; public class Main { public static Object job() {"
        + " Job<Integer> job = context -> 42; return job; } "
        + more
        + "}";
  }

  @Test
  void lambdaNeedsTheClassThatHasIt() throws Exception {
    ClassLoader client = compile("client", "Main", lambda(""));
    byte[] payload = bytes(job(client, "Main"));

    assertThat(refusal(payload, client)).startsWith("read ");
    assertThat(refusal(payload))
        .isEqualTo(
            "The driver has no class Main. Upload what has it (uploadClassesOf, uploadJar, addJar)"
                + " before the job. A lambda needs the class in which it is written.");
  }

  @Test
  void lambdaThatTheDriversClassHasNotGotIsSaidSo() throws Exception {
    byte[] payload = bytes(job(compile("new", "Main", lambda("")), "Main"));
    String none = "public class Main { public static Object job() { return null; } }";
    String other =
        "import io.polybius.job.*; public class Main { public static Object job() {"
            + " Job<String> job = context -> context.toString() + 1; int n = 1;"
            + " Job<String> next = context -> \"\" + n; return next; } }";

    for (ClassLoader old :
        List.of(compile("none", "Main", none), compile("other", "Main", other))) {
      assertThat(refusal(payload, old))
          .startsWith("The driver's class Main is not the same as the client's. It has not got")
          .contains("Upload the jar or the classes that the client itself runs with");
    }
  }

  @Test
  void classOfAnotherVersionIsSaidSo() throws Exception {
    String source =
        "public class Named implements io.polybius.job.Job<Integer> { int a; %s public Integer"
            + " call(io.polybius.job.JobContext context) { return 1; } public static Object job() {"
            + " return new Named(); } }";
    byte[] payload = bytes(job(compile("first", "Named", source.formatted("")), "Named"));
    ClassLoader second =
        compile("second", "Named", source.formatted("public int b() { return 1; }"));

    assertThat(refusal(payload, second))
        .startsWith("The driver's class Named is not the same as the client's. ")
        .contains("serialVersionUID", "so take another session");
  }

  @Test
  void typeThatAMethodBesideTheLambdaNamesIsNamed() throws Exception {
    Path classes = folder.resolve("linked");
    compile("linked", "Lost", "public class Lost {}");
    String source = lambda("static void use(Lost lost) {}");
    Path file = Files.writeString(classes.resolve("Main.java"), source);
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(
                    null,
                    null,
                    null,
                    "-cp",
                    System.getProperty("java.class.path") + ":" + classes,
                    "-d",
                    classes.toString(),
                    file.toString()))
        .isZero();
    byte[] payload =
        bytes(job(new URLClassLoader(new URL[] {classes.toUri().toURL()}, LOADER), "Main"));
    Files.delete(classes.resolve("Lost.class"));
    Files.delete(classes.resolve("Lost.java"));
    ClassLoader driver = new URLClassLoader(new URL[] {classes.toUri().toURL()}, LOADER);

    assertThat(refusal(payload, driver)).startsWith("The driver has no class Lost. Upload");
  }

  // ---- damage

  @Test
  void arraysThatClaimMoreThanTheyHaveAreRefused() throws Exception {
    byte[] payload = bytes(returning(new long[] {1, 2, 3}));
    String text = new String(payload, StandardCharsets.ISO_8859_1);
    int length = text.indexOf("\0\0\0\3", text.indexOf("[J"));
    assertThat(length).isPositive();
    payload[length] = 0x7f;

    assertThat(refusal(payload))
        .startsWith("The bytes of this job are damaged, or no job: it claims to have 21307064");
  }

  @Test
  void jobThatIsNestedTooDeeplyIsRefused() throws Exception {
    ArrayList<Object> deep = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      deep = new ArrayList<>(Arrays.asList((Object) deep));
    }
    Object value = deep;
    AtomicReference<String> refusal = new AtomicReference<>();
    Thread job =
        new Thread(
            null,
            () -> {
              try {
                refusal.set(refusal(bytes(returning(value))));
              } catch (IOException e) {
                refusal.set(e.toString());
              }
            },
            "job",
            STACK_BYTES);
    job.start();
    job.join();
    assertThat(refusal.get()).contains("damaged, or no job: its objects are nested too deeply");
  }

  @Test
  void damagedBytesHurtNobody() throws Exception {
    byte[] payload =
        bytes(returning(List.of(new Point(1, List.of("a")), Map.of("k", new int[] {1, 2, 3}))));
    Random random = new Random(8);
    for (int round = 0; round < 2000; round++) {
      byte[] damaged = Arrays.copyOf(payload, 2 + random.nextInt(payload.length - 1));
      for (int i = 0; i < 1 + random.nextInt(4) && damaged.length > 2; i++) {
        damaged[2 + random.nextInt(damaged.length - 2)] = (byte) random.nextInt();
      }
      assertThat(refusal(damaged)).isNotBlank();
    }
  }
}
