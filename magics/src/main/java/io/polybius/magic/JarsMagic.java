package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.ArrayList;
import java.util.List;

/** {@code %jars}: jars for a session that runs. */
final class JarsMagic implements Magic {

  @Override
  public String name() {
    return "jars";
  }

  @Override
  public List<String> aliases() {
    return List.of("addjar");
  }

  @Override
  public String help() {
    return """
        Adds jars to the session: to all languages and to Spark's executors.
        %jars PATH...
        A path is a file that the driver can read, or an address that Spark can read. Magics in a \
        jar can be used from the next statement on.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    List<String> added = new ArrayList<>();
    for (String word : call.words()) {
      // Toree's options: a jar is always fetched, and magics are always found.
      if (!word.equals("-f") && !word.equals("--magic")) {
        added.addAll(context.session().addJars(word));
      }
    }
    if (added.isEmpty()) {
      throw new MagicException(MagicException.USAGE_ERROR, "%" + call.name() + " takes paths");
    }
    return MimeBundle.text("Added " + String.join(", ", added));
  }
}
