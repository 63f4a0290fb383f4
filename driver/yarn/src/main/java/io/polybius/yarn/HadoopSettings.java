package io.polybius.yarn;

import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.yarn.conf.YarnConfiguration;

/**
 * Hadoop's settings: those of the folders on the class path, but for how long is waited. By default
 * Hadoop waits for a ResourceManager that is away for a quarter of an hour.
 */
final class HadoopSettings {

  private static final int PAUSE_MILLIS = 300;

  private HadoopSettings() {}

  /**
   * Reads the settings.
   *
   * @param patience how long a call may take when nobody answers
   */
  static Configuration read(Duration patience) {
    Configuration settings = new YarnConfiguration();
    // Where there is one ResourceManager it is tried twice, otherwise each is tried.
    int tries = Math.max(2, settings.getStrings(YarnConfiguration.RM_HA_IDS, "").length);
    // Part of the time is for the pauses, and for an earlier question that took long.
    long oneTry = patience.dividedBy(tries + 1L).toMillis();
    settings.setLong("ipc.client.connect.timeout", oneTry);
    settings.setLong("ipc.client.rpc-timeout.ms", oneTry);
    // Else each try would be several.
    settings.setInt("ipc.client.connect.max.retries", 0);
    settings.setInt("ipc.client.connect.max.retries.on.timeouts", 0);
    // As many times as the pause goes into the time is tried again.
    settings.setLong(YarnConfiguration.RESOURCEMANAGER_CONNECT_MAX_WAIT_MS, PAUSE_MILLIS);
    settings.setLong(YarnConfiguration.RESOURCEMANAGER_CONNECT_RETRY_INTERVAL_MS, PAUSE_MILLIS);
    settings.setInt(YarnConfiguration.CLIENT_FAILOVER_MAX_ATTEMPTS, tries - 1);
    settings.setLong(YarnConfiguration.CLIENT_FAILOVER_SLEEPTIME_BASE_MS, PAUSE_MILLIS);
    settings.setLong(YarnConfiguration.CLIENT_FAILOVER_SLEEPTIME_MAX_MS, PAUSE_MILLIS);
    // The same for NameNodes, of which there may also be more than two.
    settings.setInt("dfs.client.failover.max.attempts", 2);
    settings.setInt("dfs.client.failover.sleep.base.millis", PAUSE_MILLIS);
    settings.setInt("dfs.client.failover.sleep.max.millis", PAUSE_MILLIS);
    return settings;
  }
}
