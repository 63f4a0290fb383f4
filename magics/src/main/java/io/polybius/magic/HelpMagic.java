package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;
import java.util.function.Supplier;

/** {@code %help NAME}: how to use a magic. */
final class HelpMagic implements Magic {

  private final Supplier<List<MagicGroup>> registered;

  HelpMagic(Supplier<List<MagicGroup>> registered) {
    this.registered = registered;
  }

  @Override
  public String name() {
    return "help";
  }

  @Override
  public String help() {
    return "Tells how to use a magic.\n%help NAME";
  }

  @Override
  public boolean isForReading() {
    return true;
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    List<String> words = call.words();
    List<MagicGroup> groups = registered.get();
    if (words.isEmpty()) {
      return MimeBundle.text(
          ListMagic.list(groups)
              + "\n\nFor more about one of them, write %"
              + name()
              + " and its name.");
    }
    if (words.size() > 1) {
      throw new MagicException(MagicException.USAGE_ERROR, "%help takes the name of one magic");
    }
    String name = words.get(0).replaceFirst("^%{1,2}", "");
    List<Magic> magics = groups.stream().flatMap(group -> group.magics().stream()).toList();
    for (Magic magic : magics) {
      if (Magics.isNamed(magic, name)) {
        return MimeBundle.text(Magics.help(magic));
      }
    }
    throw Magics.unknown(name, magics.stream().map(Magic::name).toList());
  }
}
