package io.polybius.kernel.relay;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * A connection to a server for one request of HTTP/1.1, or for one that makes a WebSocket of it.
 * Java's own client would take a quarter of the time in which a relay starts, and of its memory.
 *
 * <p>Used by one thread at a time, but may be closed by any.
 */
final class HttpConnection implements Closeable {

  private static final int HTTP_PORT = 80;
  private static final int HTTPS_PORT = 443;
  private static final int BUFFER_BYTES = 16 << 10;
  private static final int MAX_LINE = 16 << 10;
  private static final int MAX_BODY_BYTES = 4 << 20;
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int NO_CONTENT = 204;
  private static final int HEXADECIMAL = 16;

  private final URI server;
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  private HttpConnection(URI server, Socket socket) throws IOException {
    this.server = server;
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
    this.out = socket.getOutputStream();
  }

  /**
   * What a server answers.
   *
   * @param status the status code
   * @param headers the fields, their names in lower case
   * @param body the whole body
   */
  record Answer(int status, Map<String, String> headers, byte[] body) {}

  /**
   * Connects to the host and port of an address, with TLS for {@code https}.
   *
   * @param timeout for the connection, and for each wait for something to read
   */
  static HttpConnection open(URI server, Duration timeout) throws IOException {
    boolean secure = "https".equals(server.getScheme());
    int port = server.getPort() >= 0 ? server.getPort() : secure ? HTTPS_PORT : HTTP_PORT;
    String host = server.getHost().replaceAll("^\\[|]$", "");
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) timeout.toMillis());
      socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      return new HttpConnection(server, secure ? secure(socket, host, port) : socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static Socket secure(Socket plain, String host, int port) throws IOException {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    SSLSocket secured = (SSLSocket) factory.createSocket(plain, host, port, true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  /** Returns what comes in after the answer. */
  InputStream in() {
    return in;
  }

  /** Returns where to write to. */
  OutputStream out() {
    return out;
  }

  /** Sets how long each wait for something to read may last. */
  void setTimeout(Duration timeout) throws IOException {
    socket.setSoTimeout((int) timeout.toMillis());
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @param target path and query
   * @param headers more fields; host and length are added
   * @param body may be empty
   */
  Answer exchange(String method, String target, Map<String, String> headers, byte[] body)
      throws IOException {
    StringBuilder head =
        new StringBuilder(method).append(' ').append(target).append(" HTTP/1.1\r\n");
    head.append("Host: ").append(server.getRawAuthority()).append("\r\n");
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    if (body.length > 0 || method.equals("POST")) {
      head.append("Content-Length: ").append(body.length).append("\r\n");
    }
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    request.writeBytes(body);
    request.writeTo(out);
    out.flush();
    return answer();
  }

  private Answer answer() throws IOException {
    String[] first = line().split(" ", 3);
    if (first.length < 2 || !first[0].startsWith("HTTP/1.")) {
      throw new IOException("this is no HTTP server");
    }
    int status = number(first[1], 10);
    Map<String, String> headers = new HashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
    }
    return new Answer(status, Map.copyOf(headers), body(status, headers));
  }

  private byte[] body(int status, Map<String, String> headers) throws IOException {
    if (status == SWITCHING_PROTOCOLS || status == NO_CONTENT) {
      return new byte[0];
    }
    if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
      ByteArrayOutputStream chunks = new ByteArrayOutputStream();
      for (int size = chunkSize(); size > 0; size = chunkSize()) {
        if (chunks.size() + size > MAX_BODY_BYTES) {
          throw new IOException("the answer is too long");
        }
        chunks.writeBytes(bytes(size));
        line();
      }
      return chunks.toByteArray();
    }
    String length = headers.getOrDefault("content-length", "");
    return length.isEmpty() ? in.readNBytes(MAX_BODY_BYTES) : bytes(number(length, 10));
  }

  private int chunkSize() throws IOException {
    return number(line().split(";", 2)[0].strip(), HEXADECIMAL);
  }

  private static int number(String text, int radix) throws IOException {
    try {
      int number = Integer.parseInt(text, radix);
      if (number < 0 || number > MAX_BODY_BYTES) {
        throw new IOException("the answer is too long");
      }
      return number;
    } catch (NumberFormatException e) {
      throw new IOException("the answer is not understood", e);
    }
  }

  private byte[] bytes(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("the answer has no end");
    }
    return bytes;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0 || line.length() == MAX_LINE) {
        throw new EOFException("the answer has no end");
      }
      line.append((char) c);
    }
    int end = line.length();
    return line.substring(0, end > 0 && line.charAt(end - 1) == '\r' ? end - 1 : end);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
