package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** {@code %lsmagic}: which magics there are. */
final class ListMagic implements Magic {

  private final Supplier<List<MagicGroup>> registered;

  ListMagic(Supplier<List<MagicGroup>> registered) {
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
    call.requireNothing();
    return MimeBundle.text(list(registered.get()));
  }

  /** Returns a line for each magic. */
  static String list(List<MagicGroup> groups) {
    int widest =
        groups.stream()
            .flatMap(group -> group.magics().stream())
            .mapToInt(magic -> magic.name().length())
            .max()
            .orElse(0);
    return groups.stream()
        .map(
            group ->
                group.magics().stream()
                    .map(magic -> line(magic, widest))
                    .collect(Collectors.joining("\n", group.title() + ":\n", "")))
        .collect(Collectors.joining("\n\n"));
  }

  private static String line(Magic magic, int widest) {
    return "  %"
        + magic.name()
        + " ".repeat(widest - magic.name().length() + 2)
        + magic.help().lines().findFirst().orElse("");
  }
}
