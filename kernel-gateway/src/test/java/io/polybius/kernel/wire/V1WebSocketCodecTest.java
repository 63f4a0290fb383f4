package io.polybius.kernel.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class V1WebSocketCodecTest {

  private final V1WebSocketCodec codec = new V1WebSocketCodec();

  private static JupyterMessage message(List<byte[]> buffers) {
    return new JupyterMessage(
        Channel.IOPUB,
        List.of(),
        new Header(JupyterJson.object().put("msg_id", "m")),
        new Header(JupyterJson.object().put("msg_id", "p")),
        JupyterJson.object(),
        JupyterJson.object().put("x", 1),
        buffers);
  }

  @Test
  void frameIsLaidOutAsTheSubprotocolSays() {
    String expected =
        "0700000000000000" // six parts and their end
            + "4000000000000000"
            + "4500000000000000"
            + "5300000000000000"
            + "6100000000000000"
            + "6300000000000000"
            + "6a00000000000000"
            + "6d00000000000000"
            + HexFormat.of()
                .formatHex("iopub{\"msg_id\":\"m\"}{\"msg_id\":\"p\"}{}{\"x\":1}".getBytes(UTF_8))
            + "010203";

    ByteBuffer frame = codec.encode(message(List.of(new byte[] {1, 2, 3})));

    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(expected);
  }

  @Test
  void decodedMessageIsTheOneThatWasEncoded() throws WireException {
    for (List<byte[]> buffers :
        List.of(List.<byte[]>of(), List.of(new byte[0]), List.of(new byte[300], new byte[] {1}))) {
      JupyterMessage message = message(buffers);

      assertThat(codec.decode(codec.encode(message))).usingRecursiveComparison().isEqualTo(message);
    }
  }

  @Test
  void brokenFramesAreRefused() {
    ByteBuffer good = codec.encode(message(List.of()));
    byte[] bytes = new byte[good.remaining()];
    good.get(bytes);
    for (int position = 0; position < 56; position++) {
      byte[] broken = bytes.clone();
      broken[position] ^= 0x40;
      assertThatThrownBy(() -> codec.decode(ByteBuffer.wrap(broken)))
          .isInstanceOf(WireException.class);
    }
    for (int length = 0; length < bytes.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
      assertThatThrownBy(() -> codec.decode(cut)).isInstanceOf(WireException.class);
    }
  }
}
