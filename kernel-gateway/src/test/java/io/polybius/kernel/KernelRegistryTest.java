package io.polybius.kernel;

import static io.polybius.kernel.RecordingConnection.show;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.KernelRegistry.NewKernel;
import io.polybius.kernel.wire.JupyterJson;
import io.polybius.kernel.wire.JupyterMessage;
import io.polybius.session.Caller;
import io.polybius.session.Kind;
import io.polybius.session.SessionException;
import io.polybius.session.SessionSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which kernels there are. */
@Timeout(20)
class KernelRegistryTest extends KernelFixture {

  @Test
  void modelSaysWhatClientsNeed() {
    Kernel kernel = kernel();
    run(kernel, "value 1");
    ObjectNode model = JupyterJson.toObject(kernel.model());

    Set<String> fields = new HashSet<>();
    model.fieldNames().forEachRemaining(fields::add);
    assertThat(fields)
        .containsExactlyInAnyOrder("id", "name", "last_activity", "execution_state", "connections");
    assertThat(model.path("last_activity").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    assertThat(model.path("connections").isInt()).isTrue();
    Awaitility.await().until(() -> kernel.model().executionState().equals("idle"));
  }

  @Test
  void kernelIdsAreLowerCaseUuidsAndUnique() {
    String id = "0a1b2c3d-0000-4000-8000-123456789abc";
    NewKernel request = NewKernel.named(Optional.of("spark")).withId(id);

    assertThat(kernels.create(request, Caller.SERVER).id()).isEqualTo(id);
    assertThatThrownBy(() -> kernels.create(request, Caller.SERVER))
        .isInstanceOf(KernelException.class)
        .hasMessageContaining(id);
    for (String bad : List.of("x", id.toUpperCase(java.util.Locale.ROOT), id + "/..")) {
      assertThatThrownBy(
              () ->
                  kernels.create(NewKernel.named(Optional.of("spark")).withId(bad), Caller.SERVER))
          .isInstanceOf(KernelException.class);
    }
    assertThat(sessions.sessions()).hasSize(1);
  }

  @Test
  void kernelCannotBeMadeOfNothing() {
    assertThatThrownBy(() -> kernels.create(NewKernel.named(Optional.of("cobol")), Caller.SERVER))
        .isInstanceOf(KernelException.class)
        .hasMessageContaining("cobol");
    assertThatThrownBy(
            () ->
                kernels.create(
                    NewKernel.named(Optional.of("spark")).onSession("none"), Caller.SERVER))
        .isInstanceOf(SessionException.class);
    assertThat(sessions.sessions()).isEmpty();
    assertThat(kernels.kernels()).isEmpty();
  }

  @Test
  void sessionIsFoundByName() {
    sessions.open(SessionSettings.of(Kind.SPARK).withName("shared"), Caller.SERVER);
    Kernel kernel =
        kernels.create(
            NewKernel.named(Optional.of("polybius-spark")).onSession("shared"), Caller.SERVER);

    assertThat(kernel.sessionId()).isZero();
  }

  @Test
  void closedRegistryEndsKernelsAndKeepsSessions() {
    Kernel kernel = kernel();
    JupyterMessage cell = client.cell("wait");
    kernel.receive(cell, client);
    client.await(message -> show(message).startsWith("input"));

    kernels.close();

    assertThat(show(client.trace(cell))).contains("execute_reply error 1");
    assertThat(client.isEnded()).isTrue();
    assertThat(sessions.sessions()).hasSize(1);
    assertThatThrownBy(this::kernel).isInstanceOf(KernelException.class);
  }

  @Test
  void damagedKernelIsLeftAloneAndDoesNotStopTheOthers(@TempDir Path folder) throws Exception {
    KernelStore store = new KernelStore(folder.resolve("kernels"));
    try (KernelRegistry before = keeping(store)) {
      before.create(NewKernel.named(Optional.of("spark")), Caller.SERVER);
      before.create(NewKernel.named(Optional.of("spark")), Caller.SERVER);
    }
    List<String> damaged = new ArrayList<>();
    try (KernelRegistry after = keeping(store)) {
      after.takeOver(
          kernel -> {
            if (damaged.isEmpty()) {
              damaged.add(kernel.id());
              throw new IllegalStateException("damaged");
            }
            return Map.of();
          });

      assertThat(after.kernels()).hasSize(1);
      assertThat(after.find(damaged.get(0))).isEmpty();
    }
    assertThat(store.left()).hasSize(2);
  }

  private KernelRegistry keeping(KernelStore store) {
    return new KernelRegistry(
        sessions,
        new KernelServices("1.2.3", clock, timer, history, showsProgress, List.of()),
        Optional.of(store),
        kernel -> {});
  }
}
