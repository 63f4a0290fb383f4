package io.polybius.kernel.wire;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.kernel.files.OwnerOnly;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * Where a kernel listens and what its messages are signed with: the file that Jupyter passes to
 * kernels and clients.
 *
 * @param transport how it is reached; only {@code tcp} is known here
 * @param ip the address that it listens on
 * @param shellPort port of shell, 0 for any
 * @param iopubPort port of iopub, 0 for any
 * @param stdinPort port of stdin, 0 for any
 * @param controlPort port of control, 0 for any
 * @param hbPort port of the heartbeat, 0 for any
 * @param key signs all messages; empty for none
 * @param signatureScheme how they are signed
 * @param kernelName the name of the kernel, may be empty
 * @param curvePublicKey with the next one, encrypts what goes over the sockets (CurveZMQ, as Z85
 *     text); empty for plain sockets
 * @param curveSecretKey belongs to the public key
 */
public record ConnectionFile(
    String transport,
    String ip,
    @JsonProperty("shell_port") int shellPort,
    @JsonProperty("iopub_port") int iopubPort,
    @JsonProperty("stdin_port") int stdinPort,
    @JsonProperty("control_port") int controlPort,
    @JsonProperty("hb_port") int hbPort,
    String key,
    @JsonProperty("signature_scheme") String signatureScheme,
    @JsonProperty("kernel_name") String kernelName,
    @JsonProperty("curve_publickey") @JsonInclude(JsonInclude.Include.NON_EMPTY)
        String curvePublicKey,
    @JsonProperty("curve_secretkey") @JsonInclude(JsonInclude.Include.NON_EMPTY)
        String curveSecretKey) {

  private static final int KEY_BYTES = 32;
  private static final Pattern Z85_KEY =
      Pattern.compile("[0-9a-zA-Z.\\-:+=^!/*?&<>()\\[\\]{}@%$#]{40}");

  /** Fills in what old files leave out. */
  public ConnectionFile {
    transport = Objects.requireNonNullElse(transport, "tcp");
    ip = Objects.requireNonNullElse(ip, "127.0.0.1");
    key = Objects.requireNonNullElse(key, "");
    signatureScheme = Objects.requireNonNullElse(signatureScheme, "hmac-sha256");
    kernelName = Objects.requireNonNullElse(kernelName, "");
    curvePublicKey = Objects.requireNonNullElse(curvePublicKey, "");
    curveSecretKey = Objects.requireNonNullElse(curveSecretKey, "");
  }

  /** Makes one with a new key, for any free ports of this machine's loopback address. */
  public static ConnectionFile onLoopback(String kernelName) {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    return new ConnectionFile(
        "tcp",
        "127.0.0.1",
        0,
        0,
        0,
        0,
        0,
        HexFormat.of().formatHex(key),
        "hmac-sha256",
        kernelName,
        "",
        "");
  }

  /**
   * Reads a file; what this kernel does not know is left out.
   *
   * @throws IOException if it cannot be read, or is not a connection file that can be served
   */
  public static ConnectionFile read(Path path) throws IOException {
    try {
      ConnectionFile file =
          JupyterJson.convert(
              JupyterJson.readObject(Files.readAllBytes(path)), ConnectionFile.class);
      file.check();
      return file;
    } catch (MalformedMessageException e) {
      throw new IOException(path + " is not a connection file: " + e.getMessage(), e);
    }
  }

  private void check() throws MalformedMessageException {
    if (!transport.equals("tcp")) {
      throw new MalformedMessageException("the transport " + transport + " is not supported");
    }
    for (int port : List.of(shellPort, iopubPort, stdinPort, controlPort, hbPort)) {
      if (port < 0 || port > 65_535) {
        throw new MalformedMessageException("a port is out of range");
      }
    }
    if (curvePublicKey.isEmpty() && curveSecretKey.isEmpty()) {
      return;
    }
    if (!Z85_KEY.matcher(curvePublicKey).matches() || !Z85_KEY.matcher(curveSecretKey).matches()) {
      throw new MalformedMessageException("the keys of encrypted sockets are not in order");
    }
  }

  /**
   * Writes the file so that only its owner can read it, and never half.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path path) throws IOException {
    ObjectNode fields = JupyterJson.toObject(this);
    Path directory = path.toAbsolutePath().getParent();
    Path temporary = Files.createTempFile(directory, ".kernel-", ".json", OwnerOnly.file());
    try {
      Files.write(temporary, JupyterJson.write(fields));
      Files.move(
          temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Returns the ZeroMQ address of a port. */
  public String address(int port) {
    return transport + "://" + (ip.contains(":") ? "[" + ip + "]" : ip) + ":" + port;
  }

  /** Returns whether what goes over the sockets is encrypted. */
  @JsonIgnore
  public boolean isEncrypted() {
    return !curvePublicKey.isEmpty();
  }

  /** Returns this file with the keys of encrypted sockets. */
  public ConnectionFile withCurve(String publicKey, String secretKey) {
    return new ConnectionFile(
        transport,
        ip,
        shellPort,
        iopubPort,
        stdinPort,
        controlPort,
        hbPort,
        key,
        signatureScheme,
        kernelName,
        publicKey,
        secretKey);
  }

  /** Returns this file with the ports that were really taken. */
  public ConnectionFile withPorts(int shell, int iopub, int stdin, int control, int heartbeat) {
    return new ConnectionFile(
        transport,
        ip,
        shell,
        iopub,
        stdin,
        control,
        heartbeat,
        key,
        signatureScheme,
        kernelName,
        curvePublicKey,
        curveSecretKey);
  }

  /** Says where the kernel listens, without the key. */
  @Override
  public String toString() {
    return "ConnectionFile[" + transport + "://" + ip + ", shell " + shellPort + "]";
  }
}
