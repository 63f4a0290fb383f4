package io.polybius.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How forms are taken apart. */
@Timeout(60)
class MultipartReaderTest {

  private static final Charset BYTES = StandardCharsets.ISO_8859_1;
  private static final String BOUNDARY = "BOXY";
  private static final String HEADER =
      "Content-Disposition: form-data; name=\"jar\"; filename=\"x.jar\"\r\n\r\n";

  /** One part, as text of one byte to a letter. */
  private record Part(PartHeader header, String content) {}

  /** Notes what it is told. */
  private static final class Noted implements MultipartReader.Parts {
    final List<Part> parts = new ArrayList<>();
    private PartHeader header;
    private ByteArrayOutputStream content;

    @Override
    public void begin(PartHeader begun) {
      assertThat(header).isNull();
      header = begun;
      content = new ByteArrayOutputStream();
    }

    @Override
    public void content(ByteBuffer bytes) {
      assertThat(bytes.hasRemaining()).isTrue();
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      content.writeBytes(copy);
    }

    @Override
    public void end() {
      parts.add(new Part(header, content.toString(BYTES)));
      header = null;
    }
  }

  private static List<Part> read(String boundary, byte[] body, IntSupplier sizes) {
    Noted noted = new Noted();
    MultipartReader reader = new MultipartReader(boundary, noted);
    int at = 0;
    while (at < body.length) {
      ByteBuffer room = reader.room();
      assertThat(room.remaining()).isPositive();
      int size = Math.min(Math.min(sizes.getAsInt(), room.remaining()), body.length - at);
      room.put(body, at, size);
      reader.read();
      at += size;
    }
    reader.finish();
    return noted.parts;
  }

  private static List<Part> read(String body) {
    List<Part> whole = read(BOUNDARY, body.getBytes(BYTES), () -> Integer.MAX_VALUE);
    assertThat(read(BOUNDARY, body.getBytes(BYTES), () -> 1)).isEqualTo(whole);
    return whole;
  }

  private static String contents(String body) {
    return String.join("|", read(body).stream().map(Part::content).toList());
  }

  private static PartHeader header(String lines) {
    String body = "--BOXY\r\n" + lines + "\r\n\r\nx\r\n--BOXY--\r\n";
    List<Part> parts =
        read(BOUNDARY, body.getBytes(StandardCharsets.UTF_8), () -> Integer.MAX_VALUE);
    assertThat(parts).extracting(Part::content).containsExactly("x");
    return parts.get(0).header();
  }

  @Test
  void partsComeInTheirOrder() {
    List<Part> parts =
        read(
            "--BOXY\r\ncontent-disposition: form-data; name=note\r\n\r\nhello\r\n"
                + "--BOXY\r\n"
                + HEADER
                + "PK\r\n\r\n-\r\n--BOX\r\n"
                + "--BOXY--\r\n");

    assertThat(parts)
        .containsExactly(
            new Part(new PartHeader("note", ""), "hello"),
            new Part(new PartHeader("jar", "x.jar"), "PK\r\n\r\n-\r\n--BOX"));
  }

  @Test
  void whatIsAroundTheFormIsLeftOut() {
    assertThat(contents("before\r\n--BOXY\r\n" + HEADER + "a\r\n--BOXY--after\r\n--BOXY\r\n"))
        .isEqualTo("a");
    assertThat(contents("\r\n--BOXY\r\n" + HEADER + "a\r\n--BOXY--")).isEqualTo("a");
    assertThat(contents("--BOXY--")).isEmpty();
  }

  @Test
  void blanksMayFollowABoundary() {
    assertThat(contents("--BOXY \t \r\n" + HEADER + "a\r\n--BOXY\t\r\n" + HEADER + "b\r\n--BOXY--"))
        .isEqualTo("a|b");
  }

  @Test
  void contentCanBeEmpty() {
    assertThat(contents("--BOXY\r\n" + HEADER + "\r\n--BOXY\r\n" + HEADER + "\r\n--BOXY--"))
        .isEqualTo("|");
    // The empty line ends the header and begins the boundary.
    assertThat(contents("--BOXY\r\n" + HEADER + "--BOXY--")).isEmpty();
    assertThat(read("--BOXY\r\n" + HEADER + "--BOXY--")).hasSize(1);
    assertThat(contents("--BOXY\r\n\r\nno header\r\n--BOXY--")).isEqualTo("no header");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--BOX",
        "--BOXY",
        "--BOXY\r\n",
        "--BOXY\r\nContent-Disposition: form-data",
        "--BOXY\r\n\r\nhalf",
        "--BOXY\r\n\r\nhalf\r\n",
        "--BOXY\r\n\r\nhalf\r\n--BOXY",
        "--BOXY\r\n\r\nhalf\r\n--BOXY-",
        "--OTHER\r\n\r\nx\r\n--OTHER--\r\n",
        "x\n--BOXY\n\nlines of another kind\n--BOXY--\n",
        "{\"uri\": \"x\"}"
      })
  void truncatedBodiesAreRefused(String body) {
    assertThatThrownBy(() -> read(body))
        .isInstanceOf(RejectedRequestException.class)
        .hasMessage("The body is no multipart/form-data: it ends before its last boundary.");
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> read("--BOXYZ\r\n\r\nx\r\n--BOXY--"))
        .hasMessageContaining("something else is in the line of a boundary");
    assertThatThrownBy(() -> read("--BOXY\n\nlines of another kind\n--BOXY--\n"))
        .hasMessageContaining("something else is in the line of a boundary");
    assertThatThrownBy(() -> read("--BOXY\r\nno colon\r\n\r\nx\r\n--BOXY--"))
        .hasMessageContaining("has no name");
    assertThatThrownBy(() -> read("--BOXY\r\n" + "x".repeat(20_000) + ": y\r\n\r\n"))
        .hasMessageContaining("longer than 16384 bytes");
    assertThatThrownBy(() -> read("--BOXY" + " ".repeat(20_000) + "\r\n\r\n"))
        .hasMessageContaining("longer than 16384 bytes");
    assertThatThrownBy(() -> new MultipartReader("", new Noted()))
        .hasMessageContaining("between 1 and 70");
    assertThatThrownBy(() -> new MultipartReader("x".repeat(71), new Noted()))
        .hasMessageContaining("between 1 and 70");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "form-data; name=\"jar\"; filename=\"x.jar\"|jar|x.jar",
        "form-data;name=jar;filename=x.jar|jar|x.jar",
        "FORM-DATA ; NAME = jar ; FileName = x.jar |jar|x.jar",
        "form-data; filename=\"x.jar\"; name=\"jar\"|jar|x.jar",
        "form-data; name=\"a\"; name=\"b\"|a|``",
        "form-data; name=\"jar\"; filename=\"a;b=\\\"c\\\\d.jar\"|jar|a;b=\"c\\d.jar",
        "form-data; name=\"jar\"; filename=\"C:\\temp\\x.jar\"|jar|C:\\temp\\x.jar",
        "form-data; name=\"jar\"; filename=\"na\u00efve \ud83d\ude00.jar\"|jar|na\u00efve \ud83d\ude00.jar",
        "form-data; name=\"jar\"; filename=\"x\"; filename*=UTF-8''na%C3%AFve%20%25.jar|jar|na\u00efve %.jar",
        "form-data; name=\"jar\"; filename*=iso-8859-1'en'na%EFve.jar|jar|na\u00efve.jar",
        "form-data; name=\"jar\"; filename=\"x\"; filename*=UTF-8''%FF|jar|x",
        "form-data; name=\"jar\"; filename=\"x\"; filename*=UTF-8''%4|jar|x",
        "form-data; name=\"jar\"; filename=\"x\"; filename*=koi8-r''y|jar|x",
        "form-data; name=\"jar\"; filename=\"x\"; filename*=y|jar|x",
        "form-data; name=\"jar\"; filename=\"\"|jar|``",
        "form-data; name=\"jar|``|``",
        "form-data|``|``",
        "attachment; name=\"jar\"; filename=\"x.jar\"|``|``"
      })
  void headersNameFieldsAndFiles(String disposition, String name, String fileName) {
    assertThat(header("Content-Disposition: " + disposition))
        .isEqualTo(new PartHeader(name, fileName));
  }

  @Test
  void headersHaveOtherLinesAndFolds() {
    assertThat(
            header(
                "Content-Type: application/octet-stream\r\nX: \r\n"
                    + "Content-Disposition: form-data;\r\n\tname=\"jar\";\r\n  filename=\"x.jar\"\r\n"
                    + "Content-Transfer-Encoding: binary"))
        .isEqualTo(new PartHeader("jar", "x.jar"));
  }

  @Test
  void namesOfOneByteToALetterAreReadToo() {
    String body =
        "--BOXY\r\nContent-Disposition: form-data; name=jar; filename=\"na\u00efve\"\r\n\r\n\r\n--BOXY--";
    assertThat(read(body).get(0).header().fileName()).isEqualTo("na\u00efve");
  }

  @Test
  void howABodyIsSplitDoesNotMatter() {
    Random random = new Random(42);
    String[] bits = {
      "\r", "\n", "\r\n", "-", "--", "\r\n-", "\r\n--", "\r\n--B", "\r\n--BOX", "a", "--BOX", "BOXY"
    };
    for (int round = 0; round < 20_000; round++) {
      List<String> wanted = new ArrayList<>();
      StringBuilder body = new StringBuilder(random.nextBoolean() ? "" : "preamble\r\n");
      for (int parts = 1 + random.nextInt(3); parts > 0; parts--) {
        StringBuilder content = new StringBuilder();
        for (int more = random.nextInt(7); more > 0; more--) {
          content.append(bits[random.nextInt(bits.length)]);
        }
        String text = content.toString().replace("--BOXY", "--BOX");
        wanted.add(text);
        body.append("--BOXY\r\n").append(HEADER).append(text).append("\r\n");
      }
      body.append("--BOXY--\r\nepilogue");

      List<Part> found =
          read(BOUNDARY, body.toString().getBytes(BYTES), () -> 1 + random.nextInt(12));

      assertThat(found).extracting(Part::content).isEqualTo(wanted);
    }
  }

  @Test
  void longPartsPassThroughWhateverIsInThem() {
    Random random = new Random(7);
    for (String boundary : List.of("x", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "y".repeat(70))) {
      byte[] content = new byte[3_000_000];
      random.nextBytes(content);
      // What is nearly a boundary, at all places of the buffer.
      byte[] nearly = ("\r\n--" + boundary.substring(1) + "!").getBytes(BYTES);
      for (int at = 0; at + nearly.length < content.length; at += 4_093) {
        System.arraycopy(nearly, 0, content, at, nearly.length);
      }
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      body.writeBytes(("--" + boundary + "\r\n" + HEADER).getBytes(BYTES));
      body.writeBytes(content);
      body.writeBytes(("\r\n--" + boundary + "--\r\n").getBytes(BYTES));
      if (new String(content, BYTES).contains("\r\n--" + boundary)) {
        throw new AssertionError("the content has the boundary; take another seed");
      }

      List<Part> parts = read(boundary, body.toByteArray(), () -> 1 + random.nextInt(50_000));

      assertThat(parts).hasSize(1);
      assertThat(parts.get(0).content().getBytes(BYTES)).isEqualTo(content);
    }
  }

  @Test
  void randomBytesAreReadOrRefused() {
    Random random = new Random(3);
    String[] bits = {
      "--BOXY",
      "\r\n",
      "\r",
      "\n",
      "--",
      ":",
      ";",
      "=",
      "\"",
      "\\",
      HEADER,
      "name",
      " ",
      "\t",
      "\0",
      "\u00ff",
      "%",
      "''",
      "filename*=UTF-8''%",
      "Content-Disposition: form-data"
    };
    int read = 0;
    for (int round = 0; round < 20_000; round++) {
      StringBuilder body = new StringBuilder();
      for (int more = random.nextInt(20); more > 0; more--) {
        body.append(bits[random.nextInt(bits.length)]);
      }
      try {
        read(body.toString());
        read++;
      } catch (RejectedRequestException refused) {
        assertThat(refused.status()).isEqualTo(400);
      }
    }
    assertThat(read).isPositive();
  }
}
