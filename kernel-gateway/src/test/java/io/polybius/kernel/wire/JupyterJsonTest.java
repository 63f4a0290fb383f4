package io.polybius.kernel.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class JupyterJsonTest {

  private static String text(ObjectNode object) {
    return new String(JupyterJson.write(object), UTF_8);
  }

  @Test
  void loneSurrogatesAreReplaced() {
    ObjectNode object =
        JupyterJson.object().put("a\uDC00", "x\uD83D").put("b", "\uD83D\uDE00\uDE00y");

    assertThat(text(object)).isEqualTo("{\"a\uFFFD\":\"x\uFFFD\",\"b\":\"\uD83D\uDE00\uFFFDy\"}");
  }

  @Test
  void numbersThatJsonDoesNotHaveBecomeNull() {
    ObjectNode object =
        JupyterJson.object()
            .put("a", Double.NaN)
            .put("b", Float.POSITIVE_INFINITY)
            .put("c", 1.5)
            .put("d", Double.NEGATIVE_INFINITY);

    assertThat(text(object)).isEqualTo("{\"a\":null,\"b\":null,\"c\":1.5,\"d\":null}");
  }

  @Test
  void pythonsNumbersAreRead() throws MalformedMessageException {
    ObjectNode object = JupyterJson.readObject("{\"a\": NaN, \"b\": Infinity}".getBytes(UTF_8));

    assertThat(text(object)).isEqualTo("{\"a\":null,\"b\":null}");
  }

  @Test
  void timesHaveSixDigits() {
    assertThat(JupyterTime.format(Instant.parse("2026-01-02T03:04:05Z")))
        .isEqualTo("2026-01-02T03:04:05.000000Z");
    assertThat(JupyterTime.format(Instant.parse("2026-01-02T03:04:05.123456789Z")))
        .isEqualTo("2026-01-02T03:04:05.123456Z");
  }

  @Test
  void executeRequestHasItsDefaults() throws MalformedMessageException {
    RequestContent.Execute plain =
        JupyterJson.convert(
            JupyterJson.object().put("code", "x").put("unknown", 1), RequestContent.Execute.class);
    RequestContent.Execute silent =
        JupyterJson.convert(
            JupyterJson.object().put("code", "x").put("silent", true).put("store_history", true),
            RequestContent.Execute.class);

    assertThat(plain)
        .isEqualTo(new RequestContent.Execute("x", false, true, Map.of(), false, true));
    assertThat(silent.storeHistory()).isFalse();
  }

  @Test
  void wrongTypesAreRefusedWithoutQuotingTheContent() {
    assertThatThrownBy(
            () ->
                JupyterJson.convert(
                    JupyterJson.object().put("code", "secret text").put("silent", "secret"),
                    RequestContent.Execute.class))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageNotContaining("secret text");
  }

  @Test
  void repliesAndPublicationsAreWrittenAsTheProtocolSays() {
    assertThat(text(JupyterJson.toObject(new ReplyContent.Incomplete("  "))))
        .isEqualTo("{\"indent\":\"  \",\"status\":\"incomplete\"}");
    assertThat(text(JupyterJson.toObject(new ReplyContent.Completeness("complete"))))
        .isEqualTo("{\"status\":\"complete\"}");
    assertThat(text(JupyterJson.toObject(new ReplyContent.Aborted())))
        .isEqualTo("{\"status\":\"aborted\"}");
    assertThat(text(JupyterJson.toObject(new ReplyContent.ExecuteFailed("E", "v", List.of(), 3))))
        .isEqualTo(
            "{\"ename\":\"E\",\"evalue\":\"v\",\"traceback\":[],\"execution_count\":3,"
                + "\"status\":\"error\"}");
    assertThat(
            text(
                JupyterJson.toObject(
                    new PublishedContent.DisplayData(
                        JupyterJson.object(), JupyterJson.object(), JupyterJson.object()))))
        .isEqualTo("{\"data\":{},\"metadata\":{},\"transient\":{}}");
    assertThat(text(JupyterJson.toObject(new PublishedContent.Status("idle"))))
        .isEqualTo("{\"execution_state\":\"idle\"}");
    assertThat(text(JupyterJson.toObject(new ReplyContent.Ports(1, 2, 3, 4, 5))))
        .isEqualTo(
            "{\"shell_port\":1,\"iopub_port\":2,\"stdin_port\":3,\"hb_port\":4,"
                + "\"control_port\":5,\"status\":\"ok\"}");
    assertThat(
            text(
                JupyterJson.toObject(
                    new ReplyContent.History(List.of(List.of(1, 2, Arrays.asList("in", null)))))))
        .isEqualTo("{\"history\":[[1,2,[\"in\",null]]],\"status\":\"ok\"}");
  }
}
