package io.polybius.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.PublishedContent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DisplayProjectionTest {

  @Test
  void plotIsPassedOnAsItIs() throws Exception {
    MimeBundle plot =
        MimeBundle.text("line: x")
            .with(MimeBundle.VEGA_LITE, "{\"mark\":\"line\"}")
            .with(MimeBundle.PNG, "aGk=");
    PublishedContent content =
        new DisplayProjection().project(new StatementOutput.Display(plot), 1, false).orElseThrow();
    assertThat(((PublishedContent.DisplayData) content).data())
        .isEqualTo(
            JupyterJson.object()
                .put(MimeBundle.TEXT, "line: x")
                .put(MimeBundle.PNG, "aGk=")
                .set(MimeBundle.VEGA_LITE, JupyterJson.object().put("mark", "line")));
  }
}
