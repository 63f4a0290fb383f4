package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.security.KeyStore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SessionCertificatesTest {

  @Test
  void driverAndServerProveThemselvesToEachOther() throws Exception {
    SessionCertificates certificates = new SessionCertificates();
    SSLContext driver = context(certificates.issue("session-0-1"));
    assertThat(handshake(certificates, driver)).isEqualTo("CN=session-0-1");
  }

  @Test
  void revokedDriverIsRefused() throws Exception {
    SessionCertificates certificates = new SessionCertificates();
    SSLContext driver = context(certificates.issue("session-0-1"));
    certificates.revoke("session-0-1");
    assertThatThrownBy(() -> handshake(certificates, driver)).isInstanceOf(Exception.class);
  }

  @Test
  void driverOfAnotherServerIsRefused() throws Exception {
    SSLContext stranger = context(new SessionCertificates().issue("session-0-1"));
    SessionCertificates certificates = new SessionCertificates();
    certificates.issue("session-0-1");
    assertThatThrownBy(() -> handshake(certificates, stranger)).isInstanceOf(Exception.class);
  }

  @Test
  void keysShowNoSecret() throws Exception {
    SessionCertificates.DriverKeys keys = new SessionCertificates().issue("session-0-1");
    assertThat(keys.toString()).doesNotContain(keys.password());
  }

  private static SSLContext context(SessionCertificates.DriverKeys keys) throws Exception {
    char[] password = keys.password().toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(keys.pkcs12()), password);
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(store, password);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  /** Returns the name that the server saw. */
  private static String handshake(SessionCertificates certificates, SSLContext driver)
      throws Exception {
    try (SSLServerSocket listening =
        (SSLServerSocket)
            certificates
                .serverContext()
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      listening.setNeedClientAuth(true);
      listening.setSoTimeout(10_000);
      CompletableFuture<String> seen =
          CompletableFuture.supplyAsync(
              () -> {
                try (SSLSocket socket = (SSLSocket) listening.accept()) {
                  socket.setSoTimeout(10_000);
                  String name = socket.getSession().getPeerPrincipal().getName();
                  socket.getOutputStream().write(1);
                  return name;
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      try (SSLSocket socket =
          (SSLSocket)
              driver
                  .getSocketFactory()
                  .createSocket(InetAddress.getLoopbackAddress(), listening.getLocalPort())) {
        socket.setSoTimeout(10_000);
        assertThat(socket.getInputStream().read()).isEqualTo(1);
      }
      return seen.get(10, TimeUnit.SECONDS);
    }
  }
}
