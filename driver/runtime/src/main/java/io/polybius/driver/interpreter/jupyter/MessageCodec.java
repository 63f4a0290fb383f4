package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Turns requests into frames and frames into messages, signed with the key that only kernel and
 * client know: a delimiter, the signature, and as JSON the header, the parent's header, metadata
 * and content. Safe for use by many threads.
 */
final class MessageCodec {

  /** How the messages are signed, in the words of connection files. */
  static final String SCHEME = "hmac-sha256";

  private static final String ALGORITHM = "HmacSHA256";
  private static final String PROTOCOL_VERSION = "5.3";
  private static final byte[] DELIMITER = "<IDS|MSG>".getBytes(StandardCharsets.US_ASCII);
  private static final int JSON_FRAMES = 4;

  /** Python's kernels write what JSON does not have, and texts and numbers of any length. */
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxStringLength(Integer.MAX_VALUE)
                          .maxNumberLength(Integer.MAX_VALUE)
                          .build())
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private final Mac mac;
  private final String session;
  private final Clock clock;

  /**
   * Makes one for a client.
   *
   * @param key signs the messages of both ends
   * @param session the name of the client
   */
  MessageCodec(String key, String session, Clock clock) {
    this.session = session;
    this.clock = clock;
    try {
      this.mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), ALGORITHM));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(ALGORITHM + " is part of every Java runtime", e);
    }
  }

  /**
   * Returns the frames of a message to the kernel.
   *
   * @param id the name by which the kernel's answers refer to it
   */
  List<byte[]> encode(String id, String type, ObjectNode content) {
    ObjectNode header =
        JSON.createObjectNode()
            .put("msg_id", id)
            .put("session", session)
            .put("username", "polybius")
            .put("date", clock.instant().toString())
            .put("msg_type", type)
            .put("version", PROTOCOL_VERSION);
    List<byte[]> signed =
        List.of(
            write(header),
            write(JSON.createObjectNode()),
            write(JSON.createObjectNode()),
            write(content));
    byte[] signature = signature(signed).getBytes(StandardCharsets.US_ASCII);
    return List.of(
        DELIMITER, signature, signed.get(0), signed.get(1), signed.get(2), signed.get(3));
  }

  /**
   * Returns the message that frames hold. One whose content cannot be used says so instead, in the
   * words of an error, because somebody may wait for it.
   *
   * @throws IOException if they are none, or not one of a kernel that has the key
   */
  KernelMessage decode(List<byte[]> frames) throws IOException {
    int delimiter = 0;
    while (delimiter < frames.size() && !Arrays.equals(frames.get(delimiter), DELIMITER)) {
      delimiter++;
    }
    int firstJson = delimiter + 2;
    if (frames.size() < firstJson + JSON_FRAMES) {
      throw new IOException("not a message of a kernel");
    }
    List<byte[]> signed = frames.subList(firstJson, firstJson + JSON_FRAMES);
    byte[] expected = signature(signed).getBytes(StandardCharsets.US_ASCII);
    if (!MessageDigest.isEqual(expected, frames.get(delimiter + 1))) {
      throw new IOException("a message that is signed with another key");
    }
    String type = read(signed.get(0)).path("msg_type").asText();
    String parentId = read(signed.get(1)).path("msg_id").asText();
    try {
      return new KernelMessage(type, parentId, read(signed.get(3)));
    } catch (IOException e) {
      ObjectNode problem =
          JSON.createObjectNode()
              .put("status", "error")
              .put("ename", KernelMessage.UNREADABLE)
              .put("evalue", "The kernel's " + type + " cannot be read: " + e.getMessage());
      return new KernelMessage(KernelMessage.UNREADABLE, parentId, problem);
    }
  }

  private synchronized String signature(List<byte[]> signed) {
    signed.forEach(mac::update);
    return HexFormat.of().formatHex(mac.doFinal());
  }

  private static byte[] write(ObjectNode object) {
    try {
      return JSON.writeValueAsBytes(object);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("trees of JSON can be written", e);
    }
  }

  private static JsonNode read(byte[] json) throws IOException {
    return JSON.readTree(json);
  }
}
