package io.polybius.driver.interpreter.jupyter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MessageCodecTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-05-01T10:00:00Z"), ZoneOffset.UTC);

  private final MessageCodec codec = new MessageCodec("secret", "client", CLOCK);

  private List<byte[]> request() {
    return codec.encode("7", "execute_request", JSON.createObjectNode().put("code", "1 + 1"));
  }

  private static String text(byte[] frame) {
    return new String(frame, StandardCharsets.UTF_8);
  }

  @Test
  void framesAreDelimiterSignatureAndFourObjects() throws Exception {
    List<byte[]> frames = request();

    assertThat(text(frames.get(0))).isEqualTo("<IDS|MSG>");
    assertThat(JSON.readTree(frames.get(2)))
        .isEqualTo(
            JSON.readTree(
                """
                {"msg_id": "7", "session": "client", "username": "polybius",
                 "date": "2024-05-01T10:00:00Z", "msg_type": "execute_request", "version": "5.3"}
                """));
    assertThat(frames.subList(3, 6).stream().map(MessageCodecTest::text))
        .containsExactly("{}", "{}", "{\"code\":\"1 + 1\"}");
  }

  @Test
  void signatureIsThatOfJupyter() throws Exception {
    // hmac.new(b"secret", b'{}' * 4, hashlib.sha256).hexdigest()
    List<byte[]> frames = new ArrayList<>(List.of(bytes("topic"), bytes("<IDS|MSG>")));
    frames.add(bytes("34982f0bfec60e7b933ffde06c1ecab0fba073717a95ab943d1dd06f82c2d5e4"));
    Stream.generate(() -> bytes("{}")).limit(4).forEach(frames::add);

    assertThat(codec.decode(frames).type()).isEmpty();
  }

  @Test
  void messageTellsWhatItBelongsTo() throws Exception {
    List<byte[]> signed = request();
    KernelMessage message = codec.decode(signed);

    assertThat(message.type()).isEqualTo("execute_request");
    assertThat(message.parentId()).isEmpty();
    assertThat(message.content().path("code").asText()).isEqualTo("1 + 1");
  }

  @Test
  void changedAndForeignMessagesAreRefused() {
    List<byte[]> changed = new ArrayList<>(request());
    changed.set(5, bytes("{\"code\":\"1 + 2\"}"));
    assertThatThrownBy(() -> codec.decode(changed)).isInstanceOf(IOException.class);

    MessageCodec other = new MessageCodec("another", "client", CLOCK);
    assertThatThrownBy(() -> other.decode(request())).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> codec.decode(List.of(bytes("x")))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> codec.decode(request().subList(0, 5))).isInstanceOf(IOException.class);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
