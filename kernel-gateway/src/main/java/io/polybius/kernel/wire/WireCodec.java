package io.polybius.kernel.wire;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Turns messages into ZeroMQ frames and back, and signs them: routing identities, the delimiter,
 * the signature, four JSON objects (header, parent header, metadata, content) and raw buffers.
 *
 * <p>A message whose signature is wrong or was seen before is refused. A message is never encoded
 * twice, because clients take the second one for a replay. Safe for use by many threads.
 */
public final class WireCodec {

  private static final byte[] DELIMITER = "<IDS|MSG>".getBytes(StandardCharsets.US_ASCII);
  private static final int JSON_FRAMES = 4;
  private static final int REMEMBERED_SIGNATURES = 65_536;
  private static final Map<String, String> ALGORITHMS =
      Map.of("hmac-sha256", "HmacSHA256", "hmac-sha512", "HmacSHA512", "hmac-md5", "HmacMD5");

  private final Optional<Mac> mac;
  private final SignatureMemory sent = new SignatureMemory(REMEMBERED_SIGNATURES);
  private final SignatureMemory received = new SignatureMemory(REMEMBERED_SIGNATURES);

  /**
   * Makes a codec for one kernel or one client.
   *
   * @param signatureScheme {@code hmac-} and one of {@code sha256}, {@code sha512}, {@code md5}
   * @param key signs all messages; when empty, none is signed or checked
   * @throws IllegalArgumentException if the scheme is unknown
   */
  public WireCodec(String signatureScheme, String key) {
    String algorithm = ALGORITHMS.get(signatureScheme.toLowerCase(Locale.ROOT));
    if (algorithm == null) {
      throw new IllegalArgumentException("unknown signature scheme " + signatureScheme);
    }
    this.mac = key.isEmpty() ? Optional.empty() : Optional.of(mac(algorithm, key));
  }

  private static Mac mac(String algorithm, String key) {
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), algorithm));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(algorithm + " is part of every Java runtime", e);
    }
  }

  /**
   * Returns the frames of a message, in order.
   *
   * @throws WireException if the same message was encoded before
   */
  public List<byte[]> encode(JupyterMessage message) throws WireException {
    List<byte[]> signed =
        List.of(
            JupyterJson.write(message.header().fields()),
            JupyterJson.write(message.parentHeader().fields()),
            JupyterJson.write(message.metadata()),
            JupyterJson.write(message.content()));
    List<byte[]> frames =
        new ArrayList<>(message.identities().size() + 2 + JSON_FRAMES + message.buffers().size());
    frames.addAll(message.identities());
    frames.add(DELIMITER);
    frames.add(signature(signed));
    frames.addAll(signed);
    frames.addAll(message.buffers());
    return frames;
  }

  private synchronized byte[] signature(List<byte[]> signed) throws WireException {
    if (mac.isEmpty()) {
      return new byte[0];
    }
    byte[] signature = sign(mac.get(), signed);
    if (!sent.add(signature)) {
      throw new WireException("the message was sent before");
    }
    return HexFormat.of().formatHex(signature).getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] sign(Mac mac, List<byte[]> signed) {
    signed.forEach(mac::update);
    return mac.doFinal();
  }

  /**
   * Returns the message that frames hold.
   *
   * @param channel where they came from
   * @throws WireException if they are no message, or not one of a client that has the key
   */
  public JupyterMessage decode(Channel channel, List<byte[]> frames) throws WireException {
    int delimiter = delimiter(frames);
    int firstJson = delimiter + 2;
    if (delimiter < 0 || frames.size() < firstJson + JSON_FRAMES) {
      throw new WireException("not a Jupyter message");
    }
    List<byte[]> signed = frames.subList(firstJson, firstJson + JSON_FRAMES);
    check(frames.get(delimiter + 1), signed);
    try {
      return new JupyterMessage(
          channel,
          frames.subList(0, delimiter),
          new Header(JupyterJson.readObject(signed.get(0))),
          new Header(JupyterJson.readObject(signed.get(1))),
          JupyterJson.readObject(signed.get(2)),
          JupyterJson.readObject(signed.get(3)),
          frames.subList(firstJson + JSON_FRAMES, frames.size()));
    } catch (MalformedMessageException e) {
      throw new WireException(e.getMessage());
    }
  }

  private synchronized void check(byte[] signature, List<byte[]> signed) throws WireException {
    if (mac.isEmpty()) {
      return;
    }
    if (signature.length == 0) {
      throw new WireException("not signed");
    }
    byte[] expected = sign(mac.get(), signed);
    byte[] expectedHex = HexFormat.of().formatHex(expected).getBytes(StandardCharsets.US_ASCII);
    if (!MessageDigest.isEqual(expectedHex, signature)) {
      throw new WireException("signed with another key");
    }
    if (!received.add(expected)) {
      throw new WireException("received before");
    }
  }

  private static int delimiter(List<byte[]> frames) {
    for (int i = 0; i < frames.size(); i++) {
      if (MessageDigest.isEqual(frames.get(i), DELIMITER)) {
        return i;
      }
    }
    return -1;
  }

  /** Says whether messages are signed, and nothing about the key. */
  @Override
  public String toString() {
    return "WireCodec[" + mac.map(Mac::getAlgorithm).orElse("unsigned") + "]";
  }
}
