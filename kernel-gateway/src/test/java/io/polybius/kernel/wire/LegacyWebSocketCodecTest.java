package io.polybius.kernel.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class LegacyWebSocketCodecTest {

  private final LegacyWebSocketCodec codec = new LegacyWebSocketCodec();

  private static JupyterMessage message(List<byte[]> buffers) {
    return new JupyterMessage(
        Channel.IOPUB,
        List.of(),
        new Header(JupyterJson.object().put("msg_id", "m").put("msg_type", "comm_msg")),
        new Header(JupyterJson.object().put("msg_id", "p")),
        JupyterJson.object(),
        JupyterJson.object().put("x", "ä"),
        buffers);
  }

  private JupyterMessage decode(String text) throws WireException {
    return codec.decode(ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  @Test
  void textHasTheChannelAndRepeatsIdAndType() throws Exception {
    ByteBuffer text = codec.encodeText(message(List.of(new byte[] {1})));

    assertThat(JupyterJson.readObject(text.array()))
        .isEqualTo(
            JupyterJson.readObject(
                """
                {"channel": "iopub", "msg_id": "m", "msg_type": "comm_msg",
                 "header": {"msg_id": "m", "msg_type": "comm_msg"},
                 "parent_header": {"msg_id": "p"},
                 "metadata": {}, "content": {"x": "ä"}, "buffers": []}
                """
                    .getBytes(UTF_8)));
  }

  @Test
  void binaryHasTheJsonAndTheBuffersAtTheirOffsets() throws Exception {
    ByteBuffer frame = codec.encodeBinary(message(List.of(new byte[] {1, 2}, new byte[] {-1})));

    assertThat(frame.getInt(0)).isEqualTo(3);
    int json = frame.getInt(4);
    int first = frame.getInt(8);
    int second = frame.getInt(12);
    assertThat(json).isEqualTo(16);
    assertThat(second - first).isEqualTo(2);
    assertThat(frame.limit() - second).isOne();
    assertThat(frame.get(first + 1)).isEqualTo((byte) 2);
    byte[] text = new byte[first - json];
    frame.get(json, text);
    assertThat(JupyterJson.readObject(text).path("channel").asText()).isEqualTo("iopub");
    assertThat(JupyterJson.readObject(text).has("buffers")).isFalse();
  }

  @Test
  void decodedMessageIsTheOneThatWasEncoded() throws Exception {
    JupyterMessage plain = message(List.of());
    assertThat(codec.decode(codec.encodeText(plain))).usingRecursiveComparison().isEqualTo(plain);
    JupyterMessage rich = message(List.of(new byte[] {0, -1}, new byte[0]));
    assertThat(codec.decode(codec.encodeBinary(rich))).usingRecursiveComparison().isEqualTo(rich);
  }

  @Test
  void channelThatIsNotNamedFollowsFromTheType() throws Exception {
    assertThat(decode("{\"header\":{\"msg_type\":\"execute_request\"}}").channel())
        .isEqualTo(Channel.SHELL);
    assertThat(decode("{\"header\":{\"msg_type\":\"input_reply\"}}").channel())
        .isEqualTo(Channel.STDIN);
    for (String type : List.of("shutdown_request", "interrupt_request", "debug_request")) {
      assertThat(decode("{\"header\":{\"msg_type\":\"" + type + "\"}}").channel())
          .isEqualTo(Channel.CONTROL);
    }
    assertThat(decode("{\"channel\":\"control\",\"header\":{\"msg_type\":\"x\"}}").channel())
        .isEqualTo(Channel.CONTROL);
  }

  @Test
  void numberInPlaceOfADateIsKept() throws Exception {
    Header header = decode("{\"header\":{\"msg_type\":\"x\",\"date\":1700000000.5}}").header();

    assertThat(header.fields().path("date").asDouble()).isEqualTo(1700000000.5);
  }

  @Test
  void brokenFramesAreRefused() {
    for (String text : List.of("", "x", "[]", "{\"header\":1}", "{\"channel\":\"none\"}")) {
      assertThatThrownBy(() -> decode(text)).as(text).isInstanceOf(WireException.class);
    }
    byte[] good = codec.encodeBinary(message(List.of(new byte[] {1, 2, 3}))).array();
    for (int position = 0; position < 12; position++) {
      byte[] broken = good.clone();
      broken[position] ^= 0x40;
      assertThatThrownBy(() -> codec.decode(ByteBuffer.wrap(broken)))
          .as("position %s", position)
          .isInstanceOf(WireException.class);
    }
    for (int length = 0; length < 12; length++) {
      ByteBuffer cut = ByteBuffer.wrap(good, 0, length);
      assertThatThrownBy(() -> codec.decode(cut)).isInstanceOf(WireException.class);
    }
  }
}
