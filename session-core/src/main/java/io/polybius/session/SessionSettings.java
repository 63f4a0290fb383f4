package io.polybius.session;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the creator of a session asked for: the body of Livy's {@code POST /sessions}.
 *
 * @param kind default language of its statements
 * @param name a name to use in place of the id
 * @param proxyUser the user to run as
 * @param driverMemory Spark memory size, such as {@code 2g}
 * @param driverCores cores of the driver
 * @param executorMemory Spark memory size
 * @param executorCores cores of each executor
 * @param numExecutors how many executors
 * @param queue YARN queue
 * @param jars jars on the class path of driver and executors
 * @param pyFiles Python files
 * @param files files in each executor's working directory
 * @param archives archives unpacked there
 * @param conf Spark settings
 * @param heartbeatTimeoutSeconds seconds without a request after which the session ends, 0 for
 *     never
 * @param ttl hard limit of the session's life, as the creator wrote it
 * @param idleTimeout limit of its idle time, as the creator wrote it
 */
public record SessionSettings(
    Kind kind,
    Optional<String> name,
    Optional<String> proxyUser,
    Optional<String> driverMemory,
    OptionalInt driverCores,
    Optional<String> executorMemory,
    OptionalInt executorCores,
    OptionalInt numExecutors,
    Optional<String> queue,
    List<String> jars,
    List<String> pyFiles,
    List<String> files,
    List<String> archives,
    Map<String, String> conf,
    int heartbeatTimeoutSeconds,
    Optional<String> ttl,
    Optional<String> idleTimeout) {

  /** Copies the collections. */
  public SessionSettings {
    jars = List.copyOf(jars);
    pyFiles = List.copyOf(pyFiles);
    files = List.copyOf(files);
    archives = List.copyOf(archives);
    conf = Map.copyOf(conf);
  }

  /** Returns settings that ask for nothing but a language. */
  public static SessionSettings of(Kind kind) {
    return new SessionSettings(
        kind,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        Map.of(),
        0,
        Optional.empty(),
        Optional.empty());
  }

  /** Returns the same settings under a name. */
  public SessionSettings withName(String newName) {
    return new SessionSettings(
        kind,
        Optional.of(newName),
        proxyUser,
        driverMemory,
        driverCores,
        executorMemory,
        executorCores,
        numExecutors,
        queue,
        jars,
        pyFiles,
        files,
        archives,
        conf,
        heartbeatTimeoutSeconds,
        ttl,
        idleTimeout);
  }

  /** Returns the same settings with other Spark settings. */
  public SessionSettings withConf(Map<String, String> newConf) {
    return new SessionSettings(
        kind,
        name,
        proxyUser,
        driverMemory,
        driverCores,
        executorMemory,
        executorCores,
        numExecutors,
        queue,
        jars,
        pyFiles,
        files,
        archives,
        newConf,
        heartbeatTimeoutSeconds,
        ttl,
        idleTimeout);
  }
}
