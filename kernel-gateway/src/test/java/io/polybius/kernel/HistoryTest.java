package io.polybius.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.history.HistoryStore;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionState;
import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import java.nio.file.Path;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What was run before. */
@Timeout(20)
class HistoryTest extends KernelFixture {

  @Test
  void historyIsReadFromTheSession() {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    run(kernel, "print x");
    run(kernel, "value 1");

    assertThat(history(kernel, object().put("hist_access_type", "tail").put("n", 2)))
        .isEqualTo("[[1,2,\"print x\"],[1,3,\"value 1\"]]");
    assertThat(
            history(
                kernel,
                object()
                    .put("hist_access_type", "range")
                    .put("session", 0)
                    .put("start", 1)
                    .put("stop", 3)
                    .put("output", true)))
        .isEqualTo("[[1,1,[\"value 1\",\"1\"]],[1,2,[\"print x\",null]]]");
    ObjectNode search = object().put("hist_access_type", "search").put("pattern", "?alue*");
    assertThat(history(kernel, search)).isEqualTo("[[1,1,\"value 1\"],[1,3,\"value 1\"]]");
    assertThat(history(kernel, search.put("unique", true))).isEqualTo("[[1,3,\"value 1\"]]");
    assertThat(
            history(
                kernel, object().put("hist_access_type", "search").put("pattern", "[!v]rint x")))
        .isEqualTo("[[1,2,\"print x\"]]");
  }

  @Test
  void historyCountsSessionsBackFromThePresentOne() {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    kernel.restart().toCompletableFuture().join();
    run(kernel, "value 2");

    ObjectNode range = object().put("hist_access_type", "range");
    assertThat(history(kernel, range.put("session", 0))).isEqualTo("[[2,1,\"value 2\"]]");
    assertThat(history(kernel, range.put("session", -1))).isEqualTo("[[1,1,\"value 1\"]]");
    assertThat(history(kernel, range.put("session", 2))).isEqualTo("[[2,1,\"value 2\"]]");
  }

  private String history(Kernel kernel, ObjectNode content) {
    return reply(send(kernel, client.request("history_request", content)))
        .content()
        .path("history")
        .toString();
  }

  @Test
  void historyGoesOnAfterARestartOfTheServer(@TempDir Path folder) {
    history = HistoryStore.in(folder);
    launchWith(ScriptedLauncher.ready(Script.TINY));
    run(kernel(), "value 1");
    restartServer(folder);
    Kernel kernel = kernel();
    run(kernel, "value 2");

    assertThat(history(kernel, object().put("hist_access_type", "tail").put("output", true)))
        .isEqualTo("[[1,1,[\"value 1\",\"1\"]],[2,1,[\"value 2\",\"2\"]]]");
    ObjectNode range = object().put("hist_access_type", "range");
    assertThat(history(kernel, range.put("session", -1))).isEqualTo("[[1,1,\"value 1\"]]");
    assertThat(
            history(kernel, object().put("hist_access_type", "search").put("pattern", "value ?")))
        .isEqualTo("[[1,1,\"value 1\"],[2,1,\"value 2\"]]");
  }

  private void restartServer(Path folder) {
    kernels.close();
    sessions.close();
    history.close();
    history = HistoryStore.in(folder);
    launchWith(ScriptedLauncher.ready(Script.TINY));
  }

  @Test
  void sessionThatHasRunNothingIsTheNextOne() {
    Kernel first = kernel();
    run(first, "value 1");
    Kernel second = kernel();

    ObjectNode range = object().put("hist_access_type", "range");
    assertThat(history(second, range.put("session", 0))).isEqualTo("[]");
    assertThat(history(second, range.put("session", -1))).isEqualTo("[[1,1,\"value 1\"]]");
  }

  @Test
  void statementsOfTheOtherDoorAreThereOnceForAllKernelsOfASession() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    rest(session, "value 1");
    awaitStatements(session, 1);
    Awaitility.await().until(() -> sessions.session("0").state() == SessionState.IDLE);
    Kernel first = kernelOn(session);
    Kernel second = kernelOn(session);
    run(first, "value 2");

    ObjectNode tail = object().put("hist_access_type", "tail").put("n", 10);
    assertThat(history(second, tail)).isEqualTo("[[1,1,\"value 1\"],[1,2,\"value 2\"]]");
    assertThat(history(first, tail)).isEqualTo(history(second, tail));
  }

  @Test
  void usersDoNotSeeEachOther() {
    Kernel ann = kernelOf("ann");
    run(ann, "value 1");
    Kernel bob = kernelOf("bob");
    run(bob, "value 2");

    ObjectNode tail = object().put("hist_access_type", "tail");
    assertThat(history(ann, tail)).isEqualTo("[[1,1,\"value 1\"]]");
    assertThat(history(bob, tail)).isEqualTo("[[1,1,\"value 2\"]]");
  }

  private Kernel kernelOf(String user) {
    Kernel kernel =
        kernels.create(
            NewKernel.named(Optional.of("spark")), new Caller(Optional.of(user), "test"));
    kernel.connect(client);
    return kernel;
  }

  @Test
  void runsWithoutHistoryLeaveNone() {
    Kernel kernel = kernel();
    send(kernel, cell("value 1", content -> content.put("store_history", false)));
    send(kernel, cell("value 2", content -> content.put("silent", true)));
    run(kernel, "fail boom");

    assertThat(history(kernel, object().put("hist_access_type", "tail")))
        .isEqualTo("[[1,1,\"fail boom\"]]");
  }
}
