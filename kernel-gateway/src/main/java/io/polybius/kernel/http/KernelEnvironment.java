package io.polybius.kernel.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.kernel.wire.MalformedMessageException;
import io.polybius.session.ApplicationSettings;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a client says about the kernel that it wants, in variables as an environment has them. They
 * are read here and are never part of the environment of a process.
 *
 * <p>A Jupyter server passes on whatever its user has set, so variables that mean nothing here are
 * left alone, among them those of other gateways, and the folder of the notebook, which is one of
 * the client's machine.
 */
final class KernelEnvironment {

  private static final String ID = "KERNEL_ID";
  private static final String USER = "KERNEL_USERNAME";
  private static final String OPTIONS = "KERNEL_EXTRA_SPARK_OPTS";

  /**
   * The launch profile, and where the application runs on Kubernetes, as Enterprise Gateway's users
   * say it.
   */
  private static final Map<String, String> SETTINGS =
      Map.of(
          "KERNEL_PROFILE", ApplicationSettings.PROFILE,
          "KERNEL_NAMESPACE", "spark.kubernetes.namespace",
          "KERNEL_IMAGE", "spark.kubernetes.driver.container.image",
          "KERNEL_EXECUTOR_IMAGE", "spark.kubernetes.executor.container.image",
          "KERNEL_SERVICE_ACCOUNT_NAME", "spark.kubernetes.authenticate.driver.serviceAccountName");

  /** The others say what is of no use here, and may have whatever their system allows. */
  private static final Set<String> USED =
      Stream.concat(Stream.of(ID, USER, OPTIONS), SETTINGS.keySet().stream())
          .collect(Collectors.toUnmodifiableSet());

  private static final int MAX_CHARS = 4096;
  private static final String FORBIDDEN = "$`\n\r\0";

  private final Map<String, String> variables;

  private KernelEnvironment(Map<String, String> variables) {
    this.variables = variables;
  }

  /**
   * Reads the variables of a request.
   *
   * @param env an object, or null for none
   * @throws MalformedMessageException if one of them is longer than anything that is meant here, or
   *     has what a shell would act on
   */
  static KernelEnvironment read(JsonNode env) throws MalformedMessageException {
    Map<String, String> variables = new HashMap<>();
    if (env != null && !env.isNull()) {
      if (!env.isObject()) {
        throw new MalformedMessageException("env must be an object");
      }
      for (Map.Entry<String, JsonNode> variable : env.properties()) {
        String name = variable.getKey();
        if (USED.contains(name)) {
          variables.put(name, checked(name, variable.getValue()));
        }
      }
    }
    return new KernelEnvironment(variables);
  }

  private static String checked(String name, JsonNode value) throws MalformedMessageException {
    if (!value.isValueNode()) {
      throw new MalformedMessageException(name + " must be a text");
    }
    String text = value.isNull() ? "" : value.asText();
    if (text.length() > MAX_CHARS) {
      throw new MalformedMessageException(name + " is longer than " + MAX_CHARS + " characters");
    }
    if (text.chars().anyMatch(c -> FORBIDDEN.indexOf(c) >= 0)) {
      throw new MalformedMessageException(
          name + " must not have a dollar sign, a backtick, a line break or a NUL character");
    }
    return text;
  }

  /** Returns the id that the kernel is to have. */
  Optional<String> kernelId() {
    return text(ID);
  }

  /** Returns who the client says that its user is, which nobody has checked. */
  Optional<String> claimedUser() {
    return text(USER);
  }

  /**
   * Returns what is asked for of the Spark application.
   *
   * @throws MalformedMessageException if that is not understood
   */
  ApplicationSettings application() throws MalformedMessageException {
    Map<String, String> settings = new HashMap<>();
    SETTINGS.forEach(
        (variable, setting) -> text(variable).ifPresent(value -> settings.put(setting, value)));
    Optional<String> options = text(OPTIONS);
    if (options.isPresent()) {
      try {
        settings.putAll(SparkOptions.parse(options.get()));
      } catch (MalformedMessageException e) {
        throw new MalformedMessageException(OPTIONS + ": " + e.getMessage());
      }
    }
    return ApplicationSettings.NONE.withConf(settings);
  }

  private Optional<String> text(String name) {
    return Optional.ofNullable(variables.get(name)).filter(text -> !text.isBlank());
  }
}
