package io.polybius.magic;

import io.polybius.driver.protocol.MimeBundle;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code %image}: a picture from a file, from bytes or from their base64. */
final class ImageMagic implements Magic {

  private static final Pattern DATA_URL = Pattern.compile("^\\s*data:[^,]*;base64,");
  private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/=\\s]{16,}");
  private static final Pattern SVG =
      Pattern.compile("\\A\ufeff?\\s*(<\\?xml|<!--|<!DOCTYPE svg|<svg)", Pattern.CASE_INSENSITIVE);

  @Override
  public String name() {
    return "image";
  }

  @Override
  public String help() {
    return """
        Shows a picture: PNG, JPEG, GIF, WebP or SVG.
        %image VALUE
        %image PATH
        %%image, and the picture's base64 or its SVG below
        VALUE is the name of bytes, or of a text that is a picture's base64, its SVG or the path of \
        its file. PATH is a file that the driver can read.""";
  }

  @Override
  public MimeBundle run(MagicCall call, MagicContext context) throws MagicException {
    byte[] picture = picture(call, context);
    if (picture.length > context.limits().maxBytes()) {
      throw new MagicException(MagicException.VALUE_ERROR, "the picture is too large to be shown");
    }
    String type =
        type(picture)
            .orElseThrow(
                () ->
                    new MagicException(
                        MagicException.VALUE_ERROR,
                        "this is no picture: neither PNG nor JPEG, GIF, WebP or SVG"));
    String data =
        type.endsWith("xml")
            ? new String(picture, StandardCharsets.UTF_8)
            : Base64.getEncoder().encodeToString(picture);
    return new MimeBundle(List.of(new MimeBundle.Entry(type, data)))
        .with(MimeBundle.TEXT, "[" + type + ", " + picture.length + " bytes]");
  }

  private static byte[] picture(MagicCall call, MagicContext context) throws MagicException {
    String argument = call.argument();
    if (!call.body().isBlank() || argument.isEmpty()) {
      return fromText(Source.text(call, context));
    }
    if (Source.isName(argument)) {
      try {
        PlainValue value = context.lookup(argument);
        if (value instanceof PlainValue.Binary bytes) {
          return bytes.value();
        } else if (value instanceof PlainValue.Text text) {
          return fromText(text.value());
        }
        throw new MagicException(
            MagicException.VALUE_ERROR, argument + " is neither bytes nor a text");
      } catch (MagicException e) {
        if (!e.name().equals(MagicException.NAME_ERROR) || !isFile(argument)) {
          throw e;
        }
      }
    }
    return read(argument);
  }

  private static byte[] fromText(String text) throws MagicException {
    if (SVG.matcher(text).find()) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    String encoded = DATA_URL.matcher(text).replaceFirst("");
    if (BASE64.matcher(encoded).matches()) {
      try {
        byte[] decoded = Base64.getMimeDecoder().decode(encoded.strip());
        if (type(decoded).isPresent()) {
          return decoded;
        }
      } catch (IllegalArgumentException e) {
        // It may still be the path of a file.
      }
    }
    return read(text.strip());
  }

  private static byte[] read(String path) throws MagicException {
    if (!isFile(path)) {
      throw new MagicException(
          MagicException.VALUE_ERROR,
          "there is neither a picture nor a file in '"
              + (path.length() <= 100 ? path : path.substring(0, 100) + "...")
              + "'");
    }
    try {
      return Files.readAllBytes(Path.of(withoutScheme(path)));
    } catch (IOException e) {
      throw new MagicException(MagicException.VALUE_ERROR, path + " cannot be read: " + e);
    }
  }

  private static boolean isFile(String path) {
    try {
      return Files.isRegularFile(Path.of(withoutScheme(path)));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static String withoutScheme(String path) {
    return path.replaceFirst("^file:(//)?", "");
  }

  /** Returns the type that the first bytes tell. */
  private static Optional<String> type(byte[] picture) {
    String start =
        new String(picture, 0, Math.min(picture.length, 16), StandardCharsets.ISO_8859_1);
    if (start.startsWith("\u0089PNG")) {
      return Optional.of(MimeBundle.PNG);
    } else if (start.startsWith("\u00ff\u00d8\u00ff")) {
      return Optional.of("image/jpeg");
    } else if (start.startsWith("GIF8")) {
      return Optional.of("image/gif");
    } else if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
      return Optional.of("image/webp");
    }
    return SVG.matcher(new String(picture, StandardCharsets.UTF_8)).find()
        ? Optional.of("image/svg+xml")
        : Optional.empty();
  }
}
