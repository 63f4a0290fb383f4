package io.polybius.magic;

import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.driver.protocol.MimeBundle;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a DataFrame shows that is the value of an expression. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class TableDisplayTest {

  private static final List<Column> ONE = List.of(new Column("<b>", "long", false));

  @Test
  void tableIsHtmlAndTextAndNothingElse() {
    MimeBundle bundle =
        TableDisplay.of(table(21, Extent.firstOf(1_234_567)), 20, MagicLimits.DEFAULT);
    assertThat(bundle.entries())
        .extracting(MimeBundle.Entry::mimeType)
        .containsExactly(MimeBundle.HTML, MimeBundle.TEXT);
    assertThat(bundle.find(MimeBundle.HTML).orElseThrow().data())
        .contains("<table class=\"dataframe\" border=\"1\">")
        .contains("<caption>20 of 1,234,567 rows</caption>")
        .contains("<summary>schema</summary>")
        .contains("&lt;b&gt;: long")
        .doesNotContain("<b>", "<script");
    assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data())
        .endsWith("only showing 20 of 1,234,567 rows");
  }

  @Test
  void tableOfTwentyRowsIsWhole() {
    MimeBundle bundle = TableDisplay.of(table(20, Extent.WHOLE), 20, MagicLimits.DEFAULT);
    assertThat(bundle.find(MimeBundle.HTML).orElseThrow().data()).doesNotContain("caption");
    assertThat(bundle.find(MimeBundle.TEXT).orElseThrow().data()).doesNotContain("only showing");
  }

  private static PlainValue.Table table(int rows, Extent extent) {
    return new PlainValue.Table(ONE, Collections.nCopies(rows, List.of(PlainValue.of(7))), extent);
  }
}
