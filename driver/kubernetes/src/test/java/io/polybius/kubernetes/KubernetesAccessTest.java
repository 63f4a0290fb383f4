package io.polybius.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class KubernetesAccessTest {

  @Test
  void addressIsTheOneThatSparkTakes() {
    assertThat(access("k8s://https://host:6443").address()).isEqualTo("https://host:6443");
    assertThat(access("k8s://http://host:8001").address()).isEqualTo("http://host:8001");
    assertThat(access("k8s://host:6443").address()).isEqualTo("https://host:6443");
  }

  @Test
  void masterOfAnotherKindIsRefused() {
    for (String master : List.of("yarn", "spark://host:7077", "k8s://", "k8s://ftp://host")) {
      assertThatThrownBy(() -> access(master)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void emptySettingsAreNone() {
    KubernetesAccess access =
        KubernetesAccess.of(
            "k8s://host", Map.of(KubernetesAccess.TOKEN, " ", KubernetesAccess.NAMESPACE, ""));
    assertThat(access.token()).isEmpty();
    assertThat(access.namespace()).isEmpty();
  }

  @Test
  void settingsThatDoNotFitTogetherAreRefused() {
    assertThatThrownBy(
            () ->
                KubernetesAccess.of(
                    "k8s://host",
                    Map.of(KubernetesAccess.TOKEN, "a", KubernetesAccess.TOKEN_FILE, "/b")))
        .hasMessageContaining(KubernetesAccess.TOKEN_FILE);
    assertThatThrownBy(
            () ->
                KubernetesAccess.of("k8s://host", Map.of(KubernetesAccess.CLIENT_KEY_FILE, "/key")))
        .hasMessageContaining(KubernetesAccess.CLIENT_CERTIFICATE_FILE);
  }

  @Test
  void tokenIsNotInItsText() {
    assertThat(KubernetesAccess.of("k8s://host", Map.of(KubernetesAccess.TOKEN, "hush")).toString())
        .doesNotContain("hush");
  }

  private static KubernetesAccess access(String master) {
    return KubernetesAccess.of(master, Map.of());
  }
}
