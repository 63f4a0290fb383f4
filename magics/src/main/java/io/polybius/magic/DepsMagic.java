package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** {@code %deps}: a library by its Maven coordinates, for a session that runs. */
final class DepsMagic implements Magic {

  private static final Pattern COORDINATES = Pattern.compile("[\\w.-]+:[\\w.-]+:[\\w.+-]+");

  @Override
  public String name() {
    return "deps";
  }

  @Override
  public List<String> aliases() {
    return List.of("adddeps");
  }

  @Override
  public String help() {
    return """
        Adds a library, with what it needs, to the session by its Maven coordinates.
        %deps GROUP:ARTIFACT:VERSION...
        %deps GROUP ARTIFACT VERSION
        Spark looks for it where spark.jars.repositories and spark.jars.ivySettings say.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    List<String> words = new ArrayList<>(call.words());
    // Toree takes what a library needs only when it is told so; without it few libraries work.
    words.removeIf(word -> word.equals("--transitive") || word.equals("--verbose"));
    if (words.size() == 3 && words.stream().noneMatch(word -> word.contains(":"))) {
      words = List.of(String.join(":", words));
    }
    List<String> added = new ArrayList<>();
    for (String word : words) {
      if (!COORDINATES.matcher(word).matches()) {
        throw new MagicException(
            MagicException.USAGE_ERROR, "'" + word + "' is not GROUP:ARTIFACT:VERSION");
      }
      added.addAll(context.session().addJars("ivy://" + word));
    }
    if (added.isEmpty()) {
      throw new MagicException(
          MagicException.USAGE_ERROR, "%" + call.name() + " takes GROUP:ARTIFACT:VERSION");
    }
    return MimeBundle.text("Added " + String.join(", ", added));
  }
}
