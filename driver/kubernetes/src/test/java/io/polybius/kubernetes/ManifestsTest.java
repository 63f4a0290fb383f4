package io.polybius.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.polybius.kubernetes.testing.Manifests;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The manifests of docs/kubernetes.md fit together. */
@Timeout(60)
class ManifestsTest {

  private final List<HasMetadata> manifests = Manifests.read();

  ManifestsTest() throws IOException {}

  @Test
  void bindingsGiveRolesToAccountsThatAreThere() {
    List<String> accounts = names(ServiceAccount.class);
    List<String> roles = names(Role.class);
    assertThat(all(RoleBinding.class))
        .hasSize(2)
        .allSatisfy(
            binding -> {
              String namespace = binding.getMetadata().getNamespace();
              assertThat(roles).contains(namespace + "/" + binding.getRoleRef().getName());
              assertThat(binding.getSubjects())
                  .allSatisfy(
                      subject ->
                          assertThat(accounts)
                              .contains(subject.getNamespace() + "/" + subject.getName()));
            });
  }

  @Test
  void serverHasItsAccountVolumesAndPorts() {
    PodSpec server = only(Deployment.class).getSpec().getTemplate().getSpec();
    assertThat(names(ServiceAccount.class)).contains("polybius/" + server.getServiceAccountName());
    List<String> volumes = server.getVolumes().stream().map(Volume::getName).toList();
    assertThat(
            Stream.concat(server.getInitContainers().stream(), server.getContainers().stream())
                .flatMap(container -> container.getVolumeMounts().stream())
                .map(VolumeMount::getName))
        .isSubsetOf(volumes);
    Container container = server.getContainers().get(0);
    Service service = only(Service.class);
    assertThat(service.getSpec().getSelector())
        .isEqualTo(only(Deployment.class).getSpec().getTemplate().getMetadata().getLabels());
    assertThat(service.getSpec().getPorts().stream().map(p -> p.getTargetPort().getStrVal()))
        .containsExactlyElementsOf(
            container.getPorts().stream().map(ContainerPort::getName).toList());
    assertThat(service.getSpec().getPorts().stream().map(ServicePort::getPort))
        .containsExactlyElementsOf(
            container.getPorts().stream().map(ContainerPort::getContainerPort).toList());
  }

  @Test
  void settingsNameWhatIsThere() {
    ConfigMap settings = only(ConfigMap.class);
    assertThat(settings.getData().get("livy.conf"))
        .contains("livy.rsc.launcher.address = polybius.polybius.svc")
        .contains("livy.rsc.launcher.port.range = 10000~10000");
    assertThat(settings.getData().get("spark-defaults.conf"))
        .contains("spark.kubernetes.namespace spark-jobs")
        .contains("serviceAccountName spark-driver");
    assertThat(names(ServiceAccount.class)).contains("spark-jobs/spark-driver");
  }

  private <T extends HasMetadata> T only(Class<T> type) {
    assertThat(all(type)).hasSize(1);
    return all(type).get(0);
  }

  private <T extends HasMetadata> List<String> names(Class<T> type) {
    return all(type).stream()
        .map(item -> item.getMetadata().getNamespace() + "/" + item.getMetadata().getName())
        .toList();
  }

  private <T extends HasMetadata> List<T> all(Class<T> type) {
    return manifests.stream().filter(type::isInstance).map(type::cast).toList();
  }
}
