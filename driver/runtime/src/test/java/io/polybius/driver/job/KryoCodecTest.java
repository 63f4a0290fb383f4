package io.polybius.driver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.esotericsoftware.kryo.io.Output;
import example.ExampleJobs;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.livy.Job;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes of clients, and bytes that only look so. */
@Timeout(60)
class KryoCodecTest {

  private static final ClassLoader LOADER = KryoCodecTest.class.getClassLoader();

  @BeforeAll
  static void beQuiet() {
    // Kryo would tell of each class that it does not find.
    com.esotericsoftware.minlog.Log.set(com.esotericsoftware.minlog.Log.LEVEL_ERROR);
  }

  private static Job<?> read(byte[] payload) throws JobException {
    return new KryoCodec(LOADER).read(payload);
  }

  private static String refusal(byte[] payload) {
    try {
      return "read " + read(payload);
    } catch (JobException e) {
      return e.getMessage();
    }
  }

  @Test
  void classWithAFieldIsRead() throws Exception {
    assertThat(read(LivyClientKryo.write(new ExampleJobs.Greeting("Ada"))).call(null))
        .isEqualTo("hello Ada");
  }

  @Test
  void lambdaIsReadWithWhatItHasCaptured() throws Exception {
    byte[] payload = LivyClientKryo.write(ExampleJobs.adding(40, 2));

    assertThat(payload[0]).isEqualTo((byte) 13);
    assertThat(read(payload).call(null)).isEqualTo(42);
  }

  @Test
  void lambdaInAFieldIsRead() throws Exception {
    assertThat(
            read(LivyClientKryo.write(new ExampleJobs.Wrapping<>(ExampleJobs.adding(1, 2))))
                .call(null))
        .isEqualTo(3);
  }

  static Stream<Arguments> values() {
    Map<String, Object> map = new HashMap<>(Map.of("a", 1, "b", 2));
    List<Object> itself = new ArrayList<>(List.of("x"));
    itself.add(itself.get(0));
    return Stream.of(
            "text",
            "späte Blüten ".repeat(100),
            1,
            2L,
            1.5,
            true,
            'c',
            new int[] {1, 2, 3},
            new String[] {"a", null, "c"},
            new Object[] {1, "x", new long[] {4}},
            new boolean[] {true, false},
            new double[][] {{1}, {2, 3}},
            new ArrayList<>(List.of(1, 2, 3)),
            java.util.Collections.emptyList(),
            java.util.Collections.singletonList("a"),
            new TreeSet<>(List.of("b", "a")),
            new TreeMap<>(Map.of("b", 1)),
            EnumSet.of(TimeUnit.DAYS, TimeUnit.HOURS),
            TimeUnit.SECONDS,
            LocalDate.of(2024, 2, 29),
            new ArrayList<>(List.of(LocalTime.of(1, 2, 3, 999_999_999))),
            new java.util.Date(0),
            new java.math.BigDecimal("12345678901234567890.12"),
            java.util.Optional.of("x"),
            map,
            itself)
        .map(value -> Arguments.of((Object) value));
  }

  @ParameterizedTest
  @MethodSource("values")
  void valuesAreTheSameToAClient(Object value) throws Exception {
    byte[] written = new KryoCodec(LOADER).write(value);

    assertThat(written).isEqualTo(LivyClientKryo.write(value));
    assertThat(LivyClientKryo.read(written)).usingRecursiveComparison().isEqualTo(value);
    assertThat(read(LivyClientKryo.write(ExampleJobs.returning(value))).call(null))
        .usingRecursiveComparison()
        .isEqualTo(value);
  }

  @Test
  void collectionsThatKryoCannotReadAreReplacedByThoseThatItCan() throws Exception {
    List<Object> value =
        Arrays.asList(
            List.of(1),
            Map.of("a", java.util.Set.of(2)),
            java.util.Collections.unmodifiableList(new ArrayList<>(List.of(3))));

    assertThat(LivyClientKryo.read(new KryoCodec(LOADER).write(value))).isEqualTo(value);
  }

  @Test
  void otherFormsAreNamed() {
    assertThat(refusal(new byte[0])).startsWith("This job is nothing at all.");
    assertThat(refusal(new byte[] {(byte) 0x80, 4, (byte) 0x95, 5}))
        .startsWith("This job is a pickle of Python, which is a job of kind pyspark.");
    assertThat(refusal("PK\3\4rest".getBytes(StandardCharsets.ISO_8859_1)))
        .startsWith("This job is a jar; jars are uploaded beside jobs.");
    assertThat(refusal("{\"job\":1}".getBytes(StandardCharsets.US_ASCII)))
        .startsWith(
            "The bytes of this job are not readable. A job of kind spark is what Polybius'");
  }

  private static byte[] named(String name, byte... rest) {
    Output output = new Output(1024, -1);
    output.writeVarInt(1, true);
    output.writeVarInt(0, true);
    output.writeString(name);
    output.writeBytes(rest);
    return output.toBytes();
  }

  @Test
  void olderLambdaIsNamed() {
    assertThat(refusal(named("app.Main$$Lambda$14/0x0000000800c03000", (byte) 1)))
        .startsWith("This job is a lambda that was written by an older version of Livy's client");
  }

  @Test
  void missingClassIsNamedWithWhatToDo() {
    assertThat(refusal(named("app.Missing", (byte) 1)))
        .isEqualTo(
            "The driver has no class app.Missing. Upload the jar that has it (uploadJar, addJar)"
                + " before the job.");
  }

  @Test
  void missingClassOfAFieldIsNamedToo() {
    byte[] payload = LivyClientKryo.write(ExampleJobs.returning(new ExampleJobs.Nested()));
    String text = new String(payload, StandardCharsets.ISO_8859_1);
    // The last letter of a name has its highest bit set.
    String damaged = text.replace("ExampleJobs$Nest", "ExampleJobs$Lost");

    assertThat(damaged).isNotEqualTo(text);
    assertThat(refusal(damaged.getBytes(StandardCharsets.ISO_8859_1)))
        .startsWith("The driver has no class example.ExampleJobs$Losted. Upload the jar");
  }

  @Test
  void whatIsNoJobIsSaidSo() {
    assertThat(refusal(LivyClientKryo.write(new StringBuilder("x"))))
        .startsWith("This is no job: java.lang.StringBuilder does not implement");
    assertThat(refusal(new byte[] {0})).isEqualTo("No job was sent, but null.");
    assertThat(
            refusal(
                LivyClientKryo.write(
                    (java.util.function.Supplier<String> & java.io.Serializable) () -> "x")))
        .startsWith("This is no job: ");
  }

  @Test
  void jobOfAnotherCopyOfLivyIsSaidSo() throws Exception {
    try (var other =
        new java.net.URLClassLoader(
            Arrays.stream(System.getProperty("java.class.path").split(java.io.File.pathSeparator))
                .map(path -> java.nio.file.Path.of(path))
                .map(KryoCodecTest::url)
                .toArray(java.net.URL[]::new),
            ClassLoader.getPlatformClassLoader())) {
      assertThatThrownBy(
              () ->
                  new KryoCodec(other).read(LivyClientKryo.write(new ExampleJobs.Greeting("Ada"))))
          .isInstanceOf(JobException.class)
          .hasMessageContaining("implements an org.apache.livy.Job that is not the driver's");
    }
  }

  private static java.net.URL url(java.nio.file.Path path) {
    try {
      return path.toUri().toURL();
    } catch (java.net.MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static Stream<Arguments> lengths() {
    return Stream.of(
            new byte[10],
            new int[10],
            new long[10],
            new double[10],
            new short[10],
            new char[10],
            new float[10],
            new boolean[10],
            new String[10],
            new Object[10],
            new ArrayList<>(java.util.Collections.nCopies(10, 1)))
        .map(value -> Arguments.of((Object) value));
  }

  @ParameterizedTest
  @MethodSource("lengths")
  void claimedLengthsTakeNoMemory(Object value) {
    byte[] payload = LivyClientKryo.write(ExampleJobs.returning(value));
    // The length, or one more, is the last 10 or 11 in the bytes before all zeros.
    int at = payload.length - 1;
    while (payload[at] != 10 && payload[at] != 11) {
      at--;
    }
    byte[] flood = Arrays.copyOf(payload, at + 6);
    Output huge = new Output(5);
    huge.writeVarInt(Integer.MAX_VALUE - 2, true);
    System.arraycopy(huge.toBytes(), 0, flood, at, 5);

    assertThat(refusal(flood))
        .startsWith("The bytes of this job cannot be read: ")
        .contains("elements are to follow, but there are only 1 bytes");
  }

  @Test
  void claimedLengthOfATextTakesNoMemory() {
    // 0x80: not ASCII; 0x40 and then the high bits: the length goes on.
    byte[] flood = {1, 0, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x0F, 'x'};

    assertThat(refusal(flood)).startsWith("The bytes of this job are not readable.");
  }

  @Test
  void nestingIsLimitedBothWays() throws Exception {
    assertThatThrownBy(() -> new KryoCodec(LOADER).write(ExampleJobs.Nested.of(100_000)))
        .isInstanceOf(JobException.class)
        .hasMessageContaining("nested too deeply");
    assertThat(new KryoCodec(LOADER).write(ExampleJobs.Nested.of(100))).isNotEmpty();
  }

  @Test
  void randomBytesNeverDoAnythingButFail() {
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && i % 2 == 0) {
        bytes[0] = (byte) (i % 4 == 0 ? 1 : 13);
      }
      assertThat(refusal(bytes)).doesNotStartWith("read ").isNotBlank();
    }
  }

  @Test
  void damagedJobsEitherFailOrAreJobs() {
    Random random = new Random(8);
    byte[] whole =
        LivyClientKryo.write(
            new ExampleJobs.Wrapping<>(ExampleJobs.returning(new ArrayList<>(List.of(1, "x")))));
    for (int length = 0; length < whole.length; length++) {
      assertThat(refusal(Arrays.copyOf(whole, length))).doesNotStartWith("read ");
    }
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      assertThat(refusal(damaged)).isNotBlank();
    }
  }
}
