package io.polybius.driver.protocol;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/** A driver that says frame by frame what a test wants, also what no driver should say. */
final class HandDriver implements Closeable {

  private final WireTable table = new WireTable();
  private final SSLSocket socket;
  private final DataInputStream in;
  private final DataOutputStream out;

  /** Connects and greets TLS-wise, but says nothing yet. */
  HandDriver(InetSocketAddress server, SSLContext context) throws IOException {
    socket = (SSLSocket) context.getSocketFactory().createSocket();
    socket.connect(server, 5000);
    socket.setSoTimeout(5000);
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
    in = new DataInputStream(socket.getInputStream());
    out = new DataOutputStream(socket.getOutputStream());
  }

  /** Sends a frame. */
  void say(LinkFrame frame) throws IOException {
    byte[] bytes = table.encode(frame);
    out.writeInt(bytes.length);
    out.write(bytes);
    out.flush();
  }

  /** Sends bytes. */
  void sayBytes(byte... bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Says who it is, and returns the secret that it gets for the next time. */
  String hello(String driver, String secret) throws Exception {
    say(new LinkFrame.Hello(driver, secret, 0));
    return hear(LinkFrame.Welcome.class).nextSecret();
  }

  /** Waits for the next frame, which must be of that type. */
  <T extends LinkFrame> T hear(Class<T> type) throws Exception {
    return type.cast(hear());
  }

  private LinkFrame hear() throws Exception {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return table.decode(bytes, LinkFrame.class);
  }

  /** Waits until the server has hung up; what it says before that is passed over. */
  void awaitHangUp() throws Exception {
    try {
      while (true) {
        hear();
      }
    } catch (EOFException | SocketException | SSLException e) {
      // It has.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
