package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %shared}: what is shared in the session, and a variable for it. */
final class SharedMagic implements Magic {

  @Override
  public String name() {
    return "shared";
  }

  @Override
  public String help() {
    return """
        Lists what is shared in the session, or defines a variable with it.
        %shared
        %shared NAME [as OTHER]
        In SQL, a DataFrame becomes a temporary view.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    MagicSession session = context.session();
    if (call.argument().isEmpty()) {
      call.requireNoBody();
      return list(session.shared(), context.limits());
    }
    ShareMagic.Names names = ShareMagic.Names.of(call);
    session.define(names.name(), names.other());
    return MimeBundle.NOTHING;
  }

  private static MimeBundle list(List<SharedName> shared, MagicLimits limits) {
    if (shared.isEmpty()) {
      return MimeBundle.text("Nothing is shared.");
    }
    return TableDisplay.of(
        SharedName.table(shared, List.of("name", "type", "from", "what")), shared.size(), limits);
  }
}
