package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.NewStatement;
import io.polybius.session.Origin;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionState;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients of a kernel see of others. */
@Timeout(20)
class OtherClientsTest extends KernelFixture {

  @Test
  void statementOfAnotherDoorShowsAsFromAnotherFrontend() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel kernel = kernelOn(session);
    rest(session, "print hello\nvalue 1");

    JupyterMessage input = client.await(message -> message.type().equals("execute_input"));
    client.await(message -> show(message).equals("status idle"));

    assertThat(show(client.heard()))
        .containsExactly(
            "status busy",
            "input 1 print hello\nvalue 1",
            "stdout hello",
            "result 1 1",
            "status idle");
    assertThat(client.heard()).allMatch(m -> m.parentHeader().equals(input.parentHeader()));
    assertThat(input.parentHeader().messageType()).isEqualTo("execute_request");
    assertThat(input.parentHeader().session()).isEqualTo("rest");
    assertThat(input.parentHeader().messageId()).isNotEmpty();
    assertThat(run(kernel, "value 2")).contains("result 2 2");
  }

  @Test
  void failedStatementOfAnotherDoorShowsItsError() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    kernelOn(session);
    rest(session, "fail boom");

    client.await(message -> show(message).equals("status idle"));

    assertThat(show(client.heard()))
        .containsExactly(
            "status busy",
            "input 1 fail boom",
            "error java.lang.RuntimeException: boom",
            "status idle");
  }

  @Test
  void hiddenStatementOfAnotherDoorDoesNotShow() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel kernel = kernelOn(session);
    sessions
        .execute(
            String.valueOf(session),
            new NewStatement(Kind.SPARK, "value 9", Origin.REST, true, true, true))
        .toCompletableFuture()
        .join();

    List<JupyterMessage> own = send(kernel, client.cell("value 1"));

    assertThat(client.heard()).isEqualTo(own);
  }

  @Test
  void statementsFromBeforeTheKernelDoNotShow() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    rest(session, "value 1");
    awaitStatements(session, 1);
    Awaitility.await().until(() -> sessions.session("0").state() == SessionState.IDLE);
    Kernel kernel = kernelOn(session);

    List<JupyterMessage> own = send(kernel, client.cell("value 2"));

    assertThat(show(own)).contains("result 2 2");
    assertThat(client.heard()).isEqualTo(own);
  }

  @Test
  void allClientsHearOutputsAndOnlyTheAskerTheReply() {
    Kernel kernel = kernel();
    RecordingConnection other = new RecordingConnection("other");
    kernel.connect(other);
    JupyterMessage cell = client.cell("value 1");

    kernel.receive(cell, client);

    assertThat(show(client.trace(cell)))
        .containsExactly(
            "status busy", "input 1 value 1", "result 1 1", "execute_reply ok 1", "status idle");
    assertThat(show(other.trace(cell)))
        .containsExactly("status busy", "input 1 value 1", "result 1 1", "status idle");
  }

  @Test
  void twoKernelsOfOneSessionSeeEachOther() {
    int session = sessions.open(SessionSettings.of(Kind.SPARK), Caller.SERVER).id();
    Kernel first = kernelOn(session);
    RecordingConnection other = new RecordingConnection("other");
    Kernel second =
        kernels.create(NewKernel.named(Optional.of("spark")).onSession("0"), Caller.SERVER);
    second.connect(other);

    send(first, client.cell("value 1"));

    JupyterMessage seen = other.await(message -> show(message).equals("result 1 1"));
    assertThat(seen.parentHeader().session()).isEqualTo(first.id());
    assertThat(seen.header().session()).isEqualTo(second.headerSession());
  }
}
