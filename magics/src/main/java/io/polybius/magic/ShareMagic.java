package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;

/** {@code %share}: a value for the other languages and clients of the session. */
final class ShareMagic implements Magic {

  @Override
  public String name() {
    return "share";
  }

  @Override
  public String help() {
    return """
        Shares a value with the other languages and the other clients of the session.
        %share NAME [as OTHER]
        DataFrames and RDDs are shared as they are, anything else as a copy of what it holds now.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    Names names = Names.of(call);
    context.session().share(names.name(), names.other());
    return MimeBundle.NOTHING;
  }

  /**
   * {@code NAME} or {@code NAME as OTHER}.
   *
   * @param other the same as the name unless it is given
   */
  record Names(String name, String other) {

    static Names of(MagicCall call) throws MagicException {
      call.requireNoBody();
      List<String> words = call.words();
      if (words.size() == 1) {
        return new Names(words.get(0), checked(lastPart(words.get(0)), words.get(0)));
      } else if (words.size() == 3 && words.get(1).equals("as")) {
        return new Names(words.get(0), checked(words.get(2), words.get(2)));
      }
      throw new MagicException(
          MagicException.USAGE_ERROR, "%" + call.name() + " takes NAME or NAME as OTHER");
    }

    private static String lastPart(String name) {
      return name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
    }

    private static String checked(String name, String written) throws MagicException {
      if (!Source.isName(name) || !lastPart(name).equals(name)) {
        throw new MagicException(
            MagicException.USAGE_ERROR, "'" + written + "' cannot be the name of a variable");
      }
      return name;
    }
  }
}
