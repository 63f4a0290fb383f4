package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;

/** {@code %matplot}: a figure of Python, which shows it itself. */
final class MatplotMagic implements Magic {

  @Override
  public String name() {
    return "matplot";
  }

  @Override
  public String help() {
    return """
        Shows a figure of matplotlib, in Python.
        %matplot plt
        %matplot NAME
        With plt, that is the current figure, or the one that was shown last. Figures that are left \
        over at the end of a statement are shown without being asked for.""";
  }

  @Override
  public boolean yieldsToLanguage() {
    return true;
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    throw new MagicException(
        MagicException.USAGE_ERROR,
        "%matplot shows figures of Python: write the line %matplot plt in code of Python, or in a"
            + " cell that begins with %%python");
  }
}
