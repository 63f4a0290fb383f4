package io.polybius.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverEvent.Inspected;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.driver.protocol.StreamName;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What names mean to a real Scala beside a real Spark; a bar marks the cursor. */
@Timeout(120)
class InspectionTest {

  private static StatementDesk desk;

  @BeforeAll
  static void startSpark() throws Exception {
    desk = StatementDesk.shared();
    assertThat(
            desk.run(
                    """
                    val salutation = "good morning"
                    case class Leaf(green: Int, size: Double)
                    def grow(leaf: Leaf, days: Int): Leaf = leaf.copy(size = leaf.size + days)
                    def grow(days: Int): Int = days
                    """)
                .error())
        .isNull();
  }

  @Test
  void valuesOfTheSessionAreShownWithTypeAndValue() {
    assertThat(described("saluta|tion"))
        .isEqualTo("val salutation: String\n= \"good morning\"\n\nDefined in this session.");
  }

  @Test
  void whatWouldHaveToBeComputedIsNotComputed() throws Exception {
    desk.run("lazy val unborn = { println(\"born\"); 1 }\ndef asked = { println(\"asked\"); 2 }");
    assertThat(described("unborn|")).startsWith("lazy val unborn: Int\n\n");
    assertThat(described("asked|")).startsWith("def asked: Int\n\n");
    assertThat(desk.run("1").printed(StreamName.STDOUT)).isEmpty();
  }

  @Test
  void methodIsFoundByItsNameAndFromWithinItsParentheses() {
    String both = "def grow(leaf: Leaf, days: Int): Leaf\ndef grow(days: Int): Int\n";
    assertThat(described("gr|ow(1)").lines()).contains(both.lines().toArray(String[]::new));
    assertThat(described("grow(|").lines()).contains(both.lines().toArray(String[]::new));
    assertThat(described("1 + grow(Seq(1, 2).map(_ + 1), |)")).contains("def grow(days: Int): Int");
    assertThat(described("salutation.substring(|"))
        .contains("def substring(Int, Int): String", "In java.lang.String");
    assertThat(described("spark.ran|ge(3)")).contains("def range(end: Long):");
  }

  @Test
  void classesTellHowTheyAreMade() {
    assertThat(described("new Lea|f(1, 2)"))
        .contains("new Leaf(green: Int, size: Double)", "case class Leaf");
    assertThat(described("Leaf(|"))
        .contains("object Leaf", "def apply(green: Int, size: Double): Leaf");
  }

  @Test
  void namesOfTheTextItselfAreKnown() {
    assertThat(described("val inner = List(1)\ninn|er.size")).startsWith("val inner: List[Int]");
  }

  @Test
  void membersAreListedWhenAllIsWanted() throws Exception {
    assertThat(described("salutation|")).doesNotContain("Members:");
    Inspected all = found("salutation|", true);
    assertThat(text(all)).contains("Members:", "  def length(): Int");
  }

  @Test
  void magicsAreDescribedByTheirHelp() {
    assertThat(described("%tab|le salutation")).contains("Shows a value as a table.");
  }

  @Test
  void nothingIsSaidOfWhatIsNotKnown() throws Exception {
    found("salutation|", false);
    for (String marked : new String[] {"noSuchThing|", "|", "1 + 1|", "%nosuchmagic|"}) {
      Inspected answer = desk.inspect(marked, false);
      assertThat(answer.found()).as(marked).isFalse();
      assertThat(answer.description()).isEqualTo(new MimeBundle(java.util.List.of()));
    }
  }

  @Test
  void linesWithQuestionMarksBringAPage() throws Exception {
    assertThat(desk.run("salutation?").pages())
        .containsExactly("val salutation: String\n= \"good morning\"\n\nDefined in this session.");
    assertThat(desk.run("val before = 1\n?salutation\n").pages()).hasSize(1);
    assertThat(desk.run("salutation.length??").pages().get(0)).contains("def length(): Int");
    assertThat(desk.run("%json?").pages().get(0)).contains("%json NAME");
    StatementDesk.Ended unknown = desk.run("noSuchThing?");
    assertThat(unknown.pages()).isEmpty();
    assertThat(unknown.printed(StreamName.STDOUT)).isEqualTo("Nothing is known of noSuchThing.\n");
  }

  @Test
  void helpOnAMagicIsAPage() throws Exception {
    StatementDesk.Ended ended = desk.run("%help json");
    assertThat(ended.outputs()).hasSize(1);
    assertThat(ended.outputs().get(0)).isInstanceOf(StatementOutput.Page.class);
    assertThat(ended.pages().get(0)).contains("%json NAME");
  }

  private static String described(String marked) {
    return text(found(marked, false));
  }

  private static String text(Inspected answer) {
    return answer.description().find(MimeBundle.TEXT).orElseThrow().data();
  }

  /** Asks until there is an answer, because a slow machine may take too long the first time. */
  private static Inspected found(String marked, boolean detailed) {
    return await()
        .atMost(60, TimeUnit.SECONDS)
        .until(() -> desk.inspect(marked, detailed), Inspected::found);
  }
}
