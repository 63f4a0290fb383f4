package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;

/** {@code %configure}: says what to do in its place, to those who know it from sparkmagic. */
final class ConfigureMagic implements Magic {

  @Override
  public String name() {
    return "configure";
  }

  @Override
  public String help() {
    return """
        Is not for a session that runs: its settings are chosen when it is made.
        %configure
        %conf NAME VALUE changes what Spark can change while it runs.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    throw new MagicException(
        MagicException.USAGE_ERROR,
        "a session that runs cannot be configured anew: its settings are chosen when it is made. "
            + "What Spark can change while it runs is changed by %conf NAME VALUE.");
  }
}
