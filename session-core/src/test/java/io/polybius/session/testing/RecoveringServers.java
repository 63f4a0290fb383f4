package io.polybius.session.testing;

import io.polybius.session.CoreSettings;
import io.polybius.session.SessionLimits;
import io.polybius.session.SessionService;
import io.polybius.session.store.FileSessionStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Servers with recovery, of which the later ones go on with what the earlier ones have left. */
public final class RecoveringServers implements AutoCloseable {

  private final Path folder;
  private final List<SessionService> services = new ArrayList<>();

  /**
   * Makes none yet.
   *
   * @param folder for what they keep
   */
  public RecoveringServers(Path folder) {
    this.folder = folder;
  }

  /** Returns where one that nobody has killed keeps its sessions. */
  public Path store() {
    return folder.resolve("store");
  }

  /** Starts one on what is in a folder. */
  public SessionService start(ScriptedLauncher launcher, Path store) throws IOException {
    return start(launcher, store, SessionLimits.DEFAULT);
  }

  /** Starts one with limits of its own. */
  public SessionService start(ScriptedLauncher launcher, Path store, SessionLimits limits)
      throws IOException {
    SessionService service =
        new SessionService(
            launcher,
            CoreSettings.of(limits).withStore(new FileSessionStore(store)),
            Clock.systemUTC());
    services.add(service);
    return service;
  }

  /** Ends them all. */
  @Override
  public void close() {
    services.forEach(SessionService::close);
  }
}
