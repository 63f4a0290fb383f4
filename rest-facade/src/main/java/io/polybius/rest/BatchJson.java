package io.polybius.rest;

import io.polybius.session.BatchSnapshot;
import io.polybius.session.ClusterApplication;
import java.util.List;

/** A batch as clients see it: Livy's fields in Livy's order, all of them always present. */
record BatchJson(
    int id,
    String name,
    String owner,
    String proxyUser,
    String state,
    String appId,
    AppInfoJson appInfo,
    List<String> log) {

  static BatchJson of(BatchSnapshot batch, List<String> log) {
    return new BatchJson(
        batch.id(),
        batch.settings().application().name().orElse(null),
        batch.owner().orElse(null),
        batch.settings().application().proxyUser().orElse(null),
        batch.state().toString(),
        batch.application().map(ClusterApplication::id).orElse(null),
        new AppInfoJson(
            batch.application().flatMap(ClusterApplication::driverLogUrl).orElse(null),
            batch.application().flatMap(ClusterApplication::trackingUrl).orElse(null),
            null),
        log);
  }
}
