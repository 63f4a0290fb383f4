package io.polybius.kernel.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(10)
class WireCodecTest {

  private static final String KEY = "a0436f6c-1916-498b-8eb9-e81ab9368e84";
  private static final String HEADER =
      "{\"msg_id\":\"m1\",\"msg_type\":\"kernel_info_request\",\"session\":\"s1\","
          + "\"username\":\"u\",\"date\":\"2026-01-02T03:04:05.000600Z\",\"version\":\"5.5\"}";
  private static final String SHA256 =
      "de3e2416fec1cc3cd2a4625a69148fae029578853abfeee12d176eb7f8f63f48";

  private static JupyterMessage message() throws MalformedMessageException {
    return new JupyterMessage(
        Channel.SHELL,
        List.of(new byte[] {0, 1, 2}),
        new Header(JupyterJson.readObject(HEADER.getBytes(UTF_8))),
        Header.NONE,
        JupyterJson.object(),
        JupyterJson.object(),
        List.of(new byte[] {9, 8}));
  }

  private static List<byte[]> frames(String signature) {
    return List.of(
        new byte[] {0, 1, 2},
        "<IDS|MSG>".getBytes(UTF_8),
        signature.getBytes(UTF_8),
        HEADER.getBytes(UTF_8),
        "{}".getBytes(UTF_8),
        "{}".getBytes(UTF_8),
        "{}".getBytes(UTF_8),
        new byte[] {9, 8});
  }

  /** The signatures were computed with Python's hmac module. */
  @ParameterizedTest
  @CsvSource({
    "hmac-sha256," + SHA256,
    "hmac-md5,c399c4037e748a2af861ebdd66495740",
    "hmac-sha512,"
        + "4a102ecead563db9002b8a3a8ab4d573b23263d582b9e842ca25178e01a228ba"
        + "ef62be52868555eca9079162fd724e22369e28aa65d941ac19e781f3fd395886"
  })
  void framesAreThoseOfOtherImplementations(String scheme, String signature) throws Exception {
    List<byte[]> encoded = new WireCodec(scheme, KEY).encode(message());

    assertThat(encoded)
        .usingElementComparator(java.util.Arrays::compare)
        .containsExactlyElementsOf(frames(signature));
  }

  @Test
  void decodedMessageIsTheOneThatWasEncoded() throws Exception {
    JupyterMessage message = message();

    JupyterMessage decoded =
        new WireCodec("hmac-sha256", KEY)
            .decode(Channel.SHELL, new WireCodec("hmac-sha256", KEY).encode(message));

    assertThat(decoded).usingRecursiveComparison().isEqualTo(message);
  }

  @Test
  void wrongSignaturesAreRefused() {
    WireCodec codec = new WireCodec("hmac-sha256", KEY);
    for (String signature :
        List.of("", "x", SHA256.replace('3', '4'), SHA256.toUpperCase(java.util.Locale.ROOT))) {
      assertThatThrownBy(() -> codec.decode(Channel.SHELL, frames(signature)))
          .isInstanceOf(WireException.class);
    }
  }

  @Test
  void replayIsRefusedOnEveryChannel() throws Exception {
    WireCodec codec = new WireCodec("hmac-sha256", KEY);
    codec.decode(Channel.SHELL, frames(SHA256));

    assertThatThrownBy(() -> codec.decode(Channel.CONTROL, frames(SHA256)))
        .isInstanceOf(WireException.class)
        .hasMessage("received before");
  }

  @Test
  void sameMessageIsNotSignedTwice() throws Exception {
    WireCodec codec = new WireCodec("hmac-sha256", KEY);
    codec.encode(message());

    assertThatThrownBy(() -> codec.encode(message())).isInstanceOf(WireException.class);
  }

  @Test
  void emptyKeyMeansUnsigned() throws Exception {
    WireCodec codec = new WireCodec("hmac-sha256", "");

    assertThat(codec.encode(message()).get(2)).isEmpty();
    assertThat(codec.decode(Channel.SHELL, frames("")).id()).isEqualTo("m1");
    assertThat(codec.decode(Channel.SHELL, frames("anything")).id()).isEqualTo("m1");
  }

  @Test
  void framesThatAreNoMessageAreRefused() {
    WireCodec codec = new WireCodec("hmac-sha256", "");
    List<byte[]> good = frames("");
    List<List<byte[]>> broken = new ArrayList<>();
    broken.add(List.of());
    broken.add(good.subList(0, 5));
    broken.add(good.subList(2, 8));
    for (String json : List.of("", "[]", "{", "{} {}", "null")) {
      List<byte[]> frames = new ArrayList<>(good);
      frames.set(6, json.getBytes(UTF_8));
      broken.add(frames);
    }
    for (List<byte[]> frames : broken) {
      assertThatThrownBy(() -> codec.decode(Channel.SHELL, frames))
          .isInstanceOf(WireException.class);
    }
  }

  @Test
  void unknownSchemeIsRefused() {
    assertThatThrownBy(() -> new WireCodec("hmac-sha1", KEY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hmac-sha1");
  }

  @Test
  void keyIsNotShown() {
    assertThat(new WireCodec("hmac-sha256", KEY).toString()).doesNotContain(KEY);
  }

  @Test
  void onlyTheNewestSignaturesAreRemembered() {
    SignatureMemory memory = new SignatureMemory(2);

    assertThat(memory.add(new byte[] {1, 0, 0, 0, 0, 0, 0, 0})).isTrue();
    assertThat(memory.add(new byte[] {2, 0, 0, 0, 0, 0, 0, 0})).isTrue();
    assertThat(memory.add(new byte[] {1, 0, 0, 0, 0, 0, 0, 0})).isFalse();
    assertThat(memory.add(new byte[] {3, 0, 0, 0, 0, 0, 0, 0})).isTrue();
    assertThat(memory.add(new byte[] {1, 0, 0, 0, 0, 0, 0, 0})).isTrue();
  }
}
