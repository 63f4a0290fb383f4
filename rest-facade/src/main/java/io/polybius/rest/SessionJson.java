package io.polybius.rest;

import io.polybius.session.ApplicationSettings;
import io.polybius.session.ClusterApplication;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionSnapshot;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A session as clients see it: Livy's fields in Livy's order, all of them always present. */
record SessionJson(
    int id,
    String name,
    String appId,
    String owner,
    String proxyUser,
    String state,
    String kind,
    AppInfoJson appInfo,
    List<String> log,
    String ttl,
    String idleTimeout,
    String driverMemory,
    int driverCores,
    String executorMemory,
    int executorCores,
    Map<String, String> conf,
    List<String> archives,
    List<String> files,
    int heartbeatTimeoutInSecond,
    List<String> jars,
    int numExecutors,
    List<String> pyFiles,
    String queue) {

  private static final Pattern SECRET_KEY =
      Pattern.compile("password|secret|token|key", Pattern.CASE_INSENSITIVE);
  private static final String REDACTED = "*********(redacted)";

  /** What a session was in the first release of Livy. */
  record Oldest(
      int id, String owner, String proxyUser, String state, String kind, List<String> log) {}

  static SessionJson of(SessionSnapshot session, List<String> log) {
    SessionSettings settings = session.settings();
    ApplicationSettings application = settings.application();
    return new SessionJson(
        session.id(),
        application.name().orElse(null),
        session.applicationId().orElse(null),
        session.owner().orElse(null),
        application.proxyUser().orElse(null),
        session.state().toString(),
        settings.kind().canonicalName(),
        new AppInfoJson(
            session.application().flatMap(ClusterApplication::driverLogUrl).orElse(null),
            session.sparkUiUrl().orElse(null),
            null),
        log,
        settings.ttl().orElse(null),
        settings.idleTimeout().orElse(null),
        application.driverMemory().orElse(null),
        application.driverCores().orElse(0),
        application.executorMemory().orElse(null),
        application.executorCores().orElse(0),
        withoutSecrets(application.conf()),
        application.archives(),
        application.files(),
        settings.heartbeatTimeoutSeconds(),
        application.jars(),
        application.numExecutors().orElse(0),
        application.pyFiles(),
        application.queue().orElse(null));
  }

  /** Returns the fields that clients of every release know. */
  Oldest oldest() {
    return new Oldest(id, owner, proxyUser, state, kind, log);
  }

  private static Map<String, String> withoutSecrets(Map<String, String> conf) {
    Map<String, String> shown = new TreeMap<>(conf);
    shown.replaceAll((key, value) -> SECRET_KEY.matcher(key).find() ? REDACTED : value);
    return shown;
  }
}
