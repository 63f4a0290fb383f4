package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %scala}, {@code %python}, {@code %r}, {@code %sql}: code of that language. */
final class LanguageMagic implements Magic {

  private final String name;
  private final String language;
  private final String kind;
  private final boolean yields;
  private final List<String> aliases;

  /**
   * Makes one.
   *
   * @param name of the magic
   * @param language its name, for the help
   * @param kind of the statements of the language, by canonical name
   * @param yields whether extensions of IPython by that name come first
   * @param aliases other names of the magic
   */
  LanguageMagic(String name, String language, String kind, boolean yields, String... aliases) {
    this.name = name;
    this.language = language;
    this.kind = kind;
    this.yields = yields;
    this.aliases = List.of(aliases);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<String> aliases() {
    return aliases;
  }

  @Override
  public boolean yieldsToLanguage() {
    return yields;
  }

  @Override
  public String help() {
    return "Runs "
        + language
        + ", whatever the language of the statement.\n%"
        + name
        + " CODE\n%%"
        + name
        + ", and the code below\nThe language starts with its first statement. Temporary views are "
        + "seen by all; values go from one to the other by %share and %shared.";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    context.session().execute(kind, call.code());
    return MimeBundle.NOTHING;
  }
}
