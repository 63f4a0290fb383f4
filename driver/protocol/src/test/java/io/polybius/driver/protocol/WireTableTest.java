package io.polybius.driver.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class WireTableTest {

  /** Lines of a number, the name of the class, and the bytes of a sample. */
  private static final String GOLDEN = "wire-table.txt";

  private final WireTable table = new WireTable();

  @Test
  void bytesAreThoseOfTheFirstRelease() throws Exception {
    assertThat(String.join("\n", lines())).isEqualToNormalizingNewlines(golden().strip());
  }

  @Test
  void goldenBytesAreReadAsTheirSamples() throws Exception {
    List<Object> samples = Samples.all();
    List<String> golden = golden().strip().lines().toList();
    assertThat(golden).hasSameSizeAs(samples);
    for (int i = 0; i < samples.size(); i++) {
      byte[] bytes = HexFormat.of().parseHex(golden.get(i).split(" ", 3)[2]);
      assertSame(table.decode(bytes, Object.class), samples.get(i));
    }
  }

  @Test
  void everyClassThatMayBeSentHasANumberOfItsOwn() {
    List<Class<?>> classes = new ArrayList<>();
    addAll(LinkFrame.class, classes);
    addAll(DriverCommand.class, classes);
    addAll(DriverEvent.class, classes);
    addAll(StatementOutput.class, classes);
    addComponents(classes);
    Map<Integer, Class<?>> numbers = new HashMap<>();
    for (Class<?> type : classes) {
      Class<?> before = numbers.put(table.idOf(type), type);
      assertThat(before == null || before == type).as("number of %s", type).isTrue();
    }
    assertThat(classes).contains(MimeBundle.class, MimeBundle.Entry.class, StreamName.class);
  }

  @Test
  void everyClassThatMayBeSentHasASample() {
    List<Class<?>> classes = new ArrayList<>();
    addAll(LinkFrame.class, classes);
    addAll(DriverCommand.class, classes);
    addAll(DriverEvent.class, classes);
    addAll(StatementOutput.class, classes);
    addComponents(classes);
    Set<String> sampled = new TreeSet<>();
    Samples.all().forEach(sample -> sampled.add(sample.getClass().getName()));
    Set<String> expected = new TreeSet<>();
    for (Class<?> type : classes) {
      if (type != String.class && !type.isPrimitive() && !type.isInterface()) {
        expected.add(type.getName());
      }
    }
    assertThat(sampled).containsAll(expected);
  }

  @Test
  void enumerationsKeepTheirOrder() {
    assertThat(StatementError.Origin.values())
        .extracting(Enum::name)
        .containsExactly("COMPILER", "INCOMPLETE", "USER_CODE", "INTERRUPT", "MAGIC", "DRIVER");
    assertThat(StreamName.values()).extracting(Enum::name).containsExactly("STDOUT", "STDERR");
    assertThat(Completeness.values())
        .extracting(Enum::name)
        .containsExactly("COMPLETE", "INCOMPLETE", "INVALID", "UNKNOWN");
    assertThat(CommMessage.Step.values())
        .extracting(Enum::name)
        .containsExactly("OPEN", "MESSAGE", "CLOSE");
    assertThat(ResultFormat.values())
        .extracting(Enum::name)
        .containsExactly("CSV", "JSON", "ARROW");
    assertThat(ResultFailure.values())
        .extracting(Enum::name)
        .containsExactly("NO_RESULT", "FORGOTTEN", "BUSY", "FAILED", "NOT_SHARED");
  }

  @Test
  void classThatIsNotInTheTableIsRefused() {
    for (Object stranger :
        List.of(Instant.EPOCH, new ArrayList<>(), new HashMap<>(), new int[1], Thread.State.NEW)) {
      assertThatThrownBy(() -> table.encode(stranger))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not registered");
    }
  }

  @Test
  void classNameInPlaceOfANumberIsRefused() {
    // Kryo's sign for a class without a number, then the name of a class that exists.
    byte[] name = "java.util.ArrayList".getBytes(StandardCharsets.US_ASCII);
    byte[] bytes = new byte[name.length + 2];
    bytes[0] = 1;
    System.arraycopy(name, 0, bytes, 2, name.length);
    bytes[bytes.length - 1] |= (byte) 0x80;
    assertRefused(bytes);
  }

  @Test
  void lengthsBeyondTheFrameAreRefusedBeforeMemoryIsTaken() {
    byte[] huge = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 7};
    byte[] hugeFlagged = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 15};
    // The text of a Goodbye, the elements of a list, bytes, and the message of a Payload.
    assertRefused(concat(new byte[] {27}, hugeFlagged));
    assertRefused(concat(new byte[] {12}, huge));
    assertRefused(concat(new byte[] {14}, huge));
    assertRefused(concat(new byte[] {24}, huge));
  }

  @Test
  void everyPrefixOfEverySampleIsRefused() {
    for (Object sample : Samples.all()) {
      byte[] bytes = table.encode(sample);
      for (int length = 0; length < bytes.length; length++) {
        assertRefused(Arrays.copyOf(bytes, length));
      }
      assertRefused(Arrays.copyOf(bytes, bytes.length + 1));
    }
  }

  @Test
  void changedBytesAreReadOrRefusedButNeverAnythingElse() {
    Random random = new Random(5);
    List<Object> samples = Samples.all();
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = table.encode(samples.get(random.nextInt(samples.size()))).clone();
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        table.decode(bytes, Object.class);
      } catch (WireException e) {
        assertThat(e).hasMessageNotContaining("OutOfMemory");
      }
    }
  }

  @Test
  void nothingAndTheWrongTypeAreRefused() {
    assertThatThrownBy(() -> table.decode(new byte[] {0}, LinkFrame.class))
        .isInstanceOf(WireException.class)
        .hasMessage("nothing in place of a LinkFrame");
    byte[] cancel = table.encode(new DriverCommand.Cancel(1));
    assertThatThrownBy(() -> table.decode(cancel, DriverEvent.class))
        .isInstanceOf(WireException.class)
        .hasMessage("Cancel in place of a DriverEvent");
  }

  @Test
  void secretsAndUsersDataAreNotInTheTextOfFrames() {
    assertThat(new LinkFrame.Hello("session-1", "s3cret", 4).toString())
        .isEqualTo("Hello[driver=session-1, lastReceived=4]");
    assertThat(new LinkFrame.Welcome("s3cret", 4).toString()).isEqualTo("Welcome[lastReceived=4]");
    assertThat(new LinkFrame.Payload(4, new byte[3]).toString())
        .isEqualTo("Payload[sequence=4, bytes=3]");
  }

  private void assertRefused(byte[] bytes) {
    assertThatThrownBy(() -> table.decode(bytes, Object.class))
        .as(HexFormat.of().formatHex(bytes))
        .isInstanceOf(WireException.class);
  }

  private static byte[] concat(byte[] one, byte[] other) {
    byte[] both = Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, both, one.length, other.length);
    return both;
  }

  private static void assertSame(Object read, Object sample) {
    // Some hold arrays, which are not equal to others of the same content.
    assertThat(read).usingRecursiveComparison().isEqualTo(sample);
  }

  private List<String> lines() {
    return Samples.all().stream()
        .map(
            sample ->
                table.idOf(sample.getClass())
                    + " "
                    + sample.getClass().getName().replaceFirst(".*\\.", "")
                    + " "
                    + HexFormat.of().formatHex(table.encode(sample)))
        .toList();
  }

  private static String golden() throws Exception {
    try (InputStream file = WireTableTest.class.getResourceAsStream(GOLDEN)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void addAll(Class<?> type, List<Class<?>> classes) {
    if (type.isSealed()) {
      for (Class<?> permitted : type.getPermittedSubclasses()) {
        addAll(permitted, classes);
      }
    } else {
      classes.add(type);
    }
  }

  /** Adds the classes of the components of records, and of theirs. */
  private static void addComponents(List<Class<?>> classes) {
    // In lists, whose components do not tell.
    classes.addAll(
        List.of(MimeBundle.Entry.class, Candidate.class, ExecuteOptions.Expression.class));
    addAll(ExpressionResult.class, classes);
    for (int i = 0; i < classes.size(); i++) {
      if (classes.get(i).isRecord()) {
        for (var component : classes.get(i).getRecordComponents()) {
          Class<?> type = component.getType();
          List<Class<?>> found = new ArrayList<>();
          addAll(type, found);
          found.removeIf(
              next ->
                  classes.contains(next)
                      || next.isPrimitive()
                      || next.isInterface()
                      || next == String.class);
          classes.addAll(found);
        }
      }
    }
  }
}
