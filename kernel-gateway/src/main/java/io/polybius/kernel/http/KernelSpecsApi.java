package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.KernelSpec;
import io.polybius.kernel.KernelSpecs;
import io.polybius.kernel.wire.JupyterJson;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code /api/kernelspecs} and {@code /kernelspecs}: what kernels there can be, and their logos.
 */
final class KernelSpecsApi {

  private final Supplier<KernelSpecs> offered;

  /**
   * Makes the routes.
   *
   * @param offered what is offered at the moment
   */
  KernelSpecsApi(Supplier<KernelSpecs> offered) {
    this.offered = offered;
  }

  /**
   * {@code GET /api/kernelspecs}. A Jupyter server that knows its user's name puts it into the
   * query of this path, and the name of a kernelspec that it asks for behind that: {@code
   * ?user=ada/polybius-scala}.
   */
  void list(JsonExchange exchange) {
    Optional<String> user = exchange.query("user").filter(value -> value.contains("/"));
    if (user.isPresent()) {
      String value = user.get();
      answer(exchange, value.substring(value.lastIndexOf('/') + 1));
      return;
    }
    List<KernelSpec> specs = offered.get().list();
    ObjectNode answer = JupyterJson.object();
    specs.stream().findFirst().ifPresent(first -> answer.put("default", first.name()));
    ObjectNode models = answer.putObject("kernelspecs");
    specs.forEach(spec -> models.set(spec.name(), model(spec, spec.name())));
    exchange.answer(StatusCodes.OK, answer);
  }

  /** {@code GET /api/kernelspecs/{name}}. */
  void get(JsonExchange exchange) {
    answer(exchange, exchange.path("name"));
  }

  private void answer(JsonExchange exchange, String name) {
    offered
        .get()
        .find(name)
        .ifPresentOrElse(
            spec -> exchange.answer(StatusCodes.OK, model(spec, name)),
            () -> exchange.fail(StatusCodes.NOT_FOUND, "There is no kernelspec " + name + "."));
  }

  /** {@code GET /kernelspecs/{name}/{file}}. */
  void file(JsonExchange exchange) {
    String file = exchange.path("file");
    offered
        .get()
        .find(exchange.path("name"))
        .flatMap(spec -> spec.file(file))
        .ifPresentOrElse(
            content -> exchange.answer(contentType(file), content),
            () -> exchange.fail(StatusCodes.NOT_FOUND, "There is no such file of a kernelspec."));
  }

  /** A kernelspec that is asked for by an alias answers by that name. */
  private static ObjectNode model(KernelSpec spec, String name) {
    ObjectNode model = JupyterJson.object().put("name", name);
    model.set("spec", spec.description(List.of()));
    ObjectNode resources = model.putObject("resources");
    for (String file : spec.files()) {
      resources.put(
          file.substring(0, file.lastIndexOf('.')), "/kernelspecs/" + spec.name() + "/" + file);
    }
    return model;
  }

  private static String contentType(String file) {
    return file.endsWith(".svg") ? "image/svg+xml" : "image/png";
  }
}
