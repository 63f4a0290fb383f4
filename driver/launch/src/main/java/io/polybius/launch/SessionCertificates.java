package io.polybius.launch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
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
import java.util.Optional;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of the driver links: one pair for the server, and one for each driver. There is no
 * authority to steal: each end trusts exactly the one certificate that it was given.
 *
 * <p>Safe for use by many threads.
 */
final class SessionCertificates {

  private static final Logger logger = LoggerFactory.getLogger(SessionCertificates.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration VALIDITY = Duration.ofDays(3650);
  private static final String ENTRY = "driver";
  private static final String SERVER_ENTRY = "server";
  private static final String SERVER_NAME = "polybius";

  private final Map<String, X509Certificate> drivers = new ConcurrentHashMap<>();
  private final boolean isNew;
  private final Pair server;

  private record Pair(KeyPair keys, X509Certificate certificate) {}

  /**
   * What a driver needs to prove itself.
   *
   * @param pkcs12 a key store with the driver's key and the server's certificate
   * @param password opens it
   * @param certificate what the driver shows
   */
  record DriverKeys(byte[] pkcs12, String password, X509Certificate certificate) {
    /** Keeps the keys out of logs. */
    @Override
    public String toString() {
      return "DriverKeys[]";
    }
  }

  /** Makes the server's pair, which is gone with this object. */
  SessionCertificates() throws GeneralSecurityException {
    isNew = true;
    server = newPair(SERVER_NAME);
  }

  /**
   * Takes the server's pair from a folder, or makes one and keeps it there in files that only the
   * server's user can read. One that cannot be read is set aside.
   */
  SessionCertificates(Path folder) throws GeneralSecurityException, IOException {
    Path file = folder.resolve("server.p12");
    Path passwordFile = folder.resolve("server.password");
    Optional<Pair> kept = Optional.empty();
    if (Files.exists(file)) {
      try {
        kept = Optional.of(read(file, Files.readString(passwordFile).toCharArray()));
      } catch (GeneralSecurityException | IOException | RuntimeException e) {
        logger.error("{} cannot be read, so the drivers that know that key are lost", file, e);
        Files.move(file, folder.resolve("server.p12.damaged"), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    isNew = kept.isEmpty();
    server = isNew ? newPair(SERVER_NAME) : kept.get();
    if (isNew) {
      String password = newPassword();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      serverStore(password.toCharArray()).store(out, password.toCharArray());
      Files.deleteIfExists(passwordFile);
      WorkDirectory.write(passwordFile, password.getBytes(StandardCharsets.US_ASCII));
      // Last, and at once, so that it is never there without the other or only in part.
      Path next = folder.resolve("server.p12.new");
      Files.deleteIfExists(next);
      WorkDirectory.write(next, out.toByteArray());
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static Pair read(Path file, char[] password)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, password);
    }
    if (!(store.getCertificate(SERVER_ENTRY) instanceof X509Certificate certificate)
        || !(store.getKey(SERVER_ENTRY, password) instanceof PrivateKey key)) {
      throw new GeneralSecurityException("it has no key of a server");
    }
    return new Pair(new KeyPair(certificate.getPublicKey(), key), certificate);
  }

  /** Returns whether the server's pair was made just now, so that no earlier driver knows it. */
  boolean isNew() {
    return isNew;
  }

  private KeyStore serverStore(char[] password) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        SERVER_ENTRY,
        server.keys().getPrivate(),
        password,
        new Certificate[] {server.certificate()});
    return store;
  }

  /** Returns TLS for the server's end, which accepts the drivers that have keys. */
  SSLContext serverContext() throws GeneralSecurityException {
    try {
      char[] password = newPassword().toCharArray();
      KeyStore store = serverStore(password);
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
      store.setCertificateEntry(SERVER_ENTRY, server.certificate());
      store.store(out, password.toCharArray());
      drivers.put(driver, pair.certificate());
      return new DriverKeys(out.toByteArray(), password, pair.certificate());
    } catch (IOException e) {
      throw new GeneralSecurityException(e);
    }
  }

  /** Accepts a driver that got its keys from an earlier server. */
  void accept(String driver, X509Certificate certificate) {
    drivers.put(driver, certificate);
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
