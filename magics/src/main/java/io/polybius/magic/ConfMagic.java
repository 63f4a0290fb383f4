package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.util.List;
import java.util.stream.Collectors;

/** {@code %conf}: the settings of Spark. */
final class ConfMagic implements Magic {

  @Override
  public String name() {
    return "conf";
  }

  @Override
  public String help() {
    return """
        Shows or changes settings of Spark.
        %conf
        %conf NAME
        %conf NAME VALUE
        Without a name all are listed that are set, without secrets. Not all can be changed while \
        Spark runs: cores and memory are settings of a new session.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    call.requireNoBody();
    MagicSession session = context.session();
    if (call.argument().isEmpty()) {
      return MimeBundle.text(
          session.settings().entrySet().stream()
              .map(entry -> TextForm.escape(entry.getKey() + " = " + entry.getValue()))
              .collect(Collectors.joining("\n")));
    }
    List<String> nameAndValue = List.of(call.argument().split("\\s+", 2));
    String name = nameAndValue.get(0);
    if (nameAndValue.size() == 2) {
      session.set(name, nameAndValue.get(1));
    }
    return MimeBundle.text(
        TextForm.escape(
            session.setting(name).map(value -> name + " = " + value).orElse(name + " is not set")));
  }
}
