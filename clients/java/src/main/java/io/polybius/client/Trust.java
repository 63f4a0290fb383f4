package io.polybius.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Whom a client takes for its server, when it is not one that the JDK knows. */
final class Trust {

  private Trust() {}

  /** Returns what trusts the certificates of a PEM file. */
  static SSLContext certificates(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int count = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("certificate-" + ++count, each);
      }
      if (count == 0) {
        throw new IllegalArgumentException("There is no certificate in " + file + ".");
      }
      return context(store);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "The certificates of " + file + " cannot be read: " + e, e);
    }
  }

  /** Returns what trusts the certificates of a key store. */
  static SSLContext store(Path file, char[] password) {
    try {
      return context(KeyStore.getInstance(file.toFile(), password));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException("The key store " + file + " cannot be read: " + e, e);
    }
  }

  private static SSLContext context(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
