package io.polybius.kernel.wire;

import java.util.Locale;
import java.util.Optional;

/** The channels between a client and a kernel. */
public enum Channel {
  /** Requests that are served one after the other. */
  SHELL,
  /** Requests that do not wait for those on shell. */
  CONTROL,
  /** What the kernel asks its user. */
  STDIN,
  /** What the kernel tells everybody. */
  IOPUB;

  private final String wireName = name().toLowerCase(Locale.ROOT);

  /** Returns the name in messages. */
  public String wireName() {
    return wireName;
  }

  /** Returns the channel of that name. */
  public static Optional<Channel> find(String wireName) {
    for (Channel channel : values()) {
      if (channel.wireName.equals(wireName)) {
        return Optional.of(channel);
      }
    }
    return Optional.empty();
  }
}
