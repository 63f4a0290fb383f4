package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.Collection;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** {@code %lsmagic}: which magics there are. */
final class ListMagic implements Magic {

  private final Supplier<Collection<Magic>> registered;

  ListMagic(Supplier<Collection<Magic>> registered) {
    this.registered = registered;
  }

  @Override
  public String name() {
    return "lsmagic";
  }

  @Override
  public String help() {
    return "Lists the magics.\n%lsmagic";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    if (!call.argument().isEmpty()) {
      throw new MagicException(MagicException.USAGE_ERROR, "%lsmagic takes no argument");
    }
    return MimeBundle.text(list(registered.get()));
  }

  /** Returns a line for each magic. */
  static String list(Collection<Magic> magics) {
    int widest = magics.stream().mapToInt(magic -> magic.name().length()).max().orElse(0);
    return magics.stream()
        .map(
            magic ->
                "%"
                    + magic.name()
                    + " ".repeat(widest - magic.name().length() + 2)
                    + magic.help().lines().findFirst().orElse(""))
        .collect(Collectors.joining("\n"));
  }
}
