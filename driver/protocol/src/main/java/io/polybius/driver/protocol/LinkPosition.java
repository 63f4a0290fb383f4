package io.polybius.driver.protocol;

import java.util.ArrayList;
import java.util.List;

/**
 * Where the server's end of a link stood, for a server that takes the link over.
 *
 * @param received number of the last event that was kept
 * @param sent number of the last command before {@link #commands}
 * @param commands those that were sent after it; the driver may have some of them or all
 */
public record LinkPosition(long received, long sent, List<DriverCommand> commands) {

  /** Copies the list. */
  public LinkPosition {
    commands = List.copyOf(commands);
  }

  /** Returns the same position with one more command before the others. */
  public LinkPosition after(DriverCommand first) {
    List<DriverCommand> all = new ArrayList<>();
    all.add(first);
    all.addAll(commands);
    return new LinkPosition(received, sent - 1, all);
  }
}
