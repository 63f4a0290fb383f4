package io.polybius.launch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The keys of the driver links: one pair for this run of the server, and one for each driver. There
 * is no authority to steal: each end trusts exactly the one certificate that it was given.
 *
 * <p>Safe for use by many threads.
 */
final class SessionCertificates {

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration VALIDITY = Duration.ofDays(3650);
  private static final String ENTRY = "driver";

  private final Map<String, X509Certificate> drivers = new ConcurrentHashMap<>();
  private final Pair server;

  private record Pair(KeyPair keys, X509Certificate certificate) {}

  /**
   * What a driver needs to prove itself.
   *
   * @param pkcs12 a key store with the driver's key and the server's certificate
   * @param password opens it
   */
  record DriverKeys(byte[] pkcs12, String password) {
    /** Keeps the keys out of logs. */
    @Override
    public String toString() {
      return "DriverKeys[]";
    }
  }

  /** Makes the server's pair. */
  SessionCertificates() throws GeneralSecurityException {
    server = newPair("polybius");
  }

  /** Returns TLS for the server's end, which accepts the drivers that have keys. */
  SSLContext serverContext() throws GeneralSecurityException {
    try {
      char[] password = newPassword().toCharArray();
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "server", server.keys().getPrivate(), password, new Certificate[] {server.certificate()});
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(store, password);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), new TrustManager[] {new KnownDrivers()}, RANDOM);
      return context;
    } catch (IOException e) {
      throw new GeneralSecurityException(e);
    }
  }

  /** Makes the keys of a driver; they are good until {@link #revoke}. */
  DriverKeys issue(String driver) throws GeneralSecurityException {
    Pair pair = newPair(driver);
    String password = newPassword();
    try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          ENTRY,
          pair.keys().getPrivate(),
          password.toCharArray(),
          new Certificate[] {pair.certificate()});
      store.setCertificateEntry("server", server.certificate());
      store.store(out, password.toCharArray());
      drivers.put(driver, pair.certificate());
      return new DriverKeys(out.toByteArray(), password);
    } catch (IOException e) {
      throw new GeneralSecurityException(e);
    }
  }

  /** Makes a driver's keys worthless. */
  void revoke(String driver) {
    drivers.remove(driver);
  }

  private static Pair newPair(String name) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
    KeyPair keys = generator.generateKeyPair();
    X500Name subject = new X500Name("CN=" + name);
    // Clocks of other hosts may be behind.
    Instant begin = Instant.now().minus(Duration.ofDays(1));
    try {
      return new Pair(
          keys,
          new JcaX509CertificateConverter()
              .getCertificate(
                  new JcaX509v3CertificateBuilder(
                          subject,
                          new BigInteger(128, RANDOM),
                          Date.from(begin),
                          Date.from(begin.plus(VALIDITY)),
                          subject,
                          keys.getPublic())
                      .build(
                          new JcaContentSignerBuilder("SHA256withECDSA")
                              .build(keys.getPrivate()))));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException(e);
    }
  }

  private static String newPassword() {
    byte[] bytes = new byte[24];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Trusts the very certificates that were issued, and no others. */
  private final class KnownDrivers extends X509ExtendedTrustManager {

    private void check(X509Certificate[] chain) throws CertificateException {
      if (chain.length == 0 || !drivers.containsValue(chain[0])) {
        throw new CertificateException("not the certificate of a driver of this server");
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("this end is the server");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      throw new CertificateException("this end is the server");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      throw new CertificateException("this end is the server");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
