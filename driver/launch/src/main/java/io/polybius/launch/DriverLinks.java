package io.polybius.launch;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverConnection;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.DriverListener;
import io.polybius.driver.protocol.LinkPosition;
import io.polybius.driver.protocol.LinkSecrets;
import io.polybius.session.ProcessLog;
import io.polybius.session.spi.LaunchException;
import io.polybius.session.spi.LaunchSpec;
import java.io.File;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;

/**
 * The links of drivers to this server, wherever the drivers run: the port at which they dial in,
 * the keys of both ends, and what is kept of those that can outlive the server.
 */
final class DriverLinks implements AutoCloseable {

  private final LaunchSettings settings;
  private final Optional<LastingDrivers> lasting;
  private final SessionCertificates certificates;
  private final DriverListener listener;

  /** Where drivers on other machines may find this server. */
  private final List<String> addresses;

  /**
   * Begins to listen for drivers.
   *
   * @param folder where drivers have their files that outlive the server, used by no other one;
   *     empty if they are to end with it
   * @throws IOException if the port cannot be bound, or the folder cannot be used
   */
  DriverLinks(LaunchSettings settings, Optional<Path> folder) throws IOException {
    this.settings = settings;
    try {
      if (folder.isPresent()) {
        LastingDrivers drivers = new LastingDrivers(folder.get());
        this.lasting = Optional.of(drivers);
        this.certificates = new SessionCertificates(folder.get());
        if (certificates.isNew()) {
          drivers.giveUp("The key by which the driver knows the server is lost.");
        }
        this.listener =
            drivers.listen(
                settings.listenAddress(),
                settings.cluster().ports(),
                certificates.serverContext(),
                settings.reconnectWindow());
      } else {
        this.lasting = Optional.empty();
        this.certificates = new SessionCertificates();
        this.listener =
            listen(
                settings.listenAddress(),
                settings.cluster().ports(),
                certificates.serverContext(),
                settings.reconnectWindow(),
                false);
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("this JVM cannot make keys for the driver links: " + e, e);
    }
    // Only now: a name may take a while to be found.
    this.addresses = serverAddresses();
  }

  /** Listens at the first port of these that is free. */
  static DriverListener listen(
      InetSocketAddress address,
      List<Integer> ports,
      SSLContext context,
      Duration reconnectWindow,
      boolean linksOutliveThis)
      throws IOException {
    IOException failure = new IOException("There is no port at which to listen for drivers.");
    for (int port : ports) {
      try {
        return new DriverListener(
            new InetSocketAddress(address.getAddress(), port),
            context,
            reconnectWindow,
            linksOutliveThis);
      } catch (IOException e) {
        failure = e;
      }
    }
    throw failure;
  }

  /** Returns what is known of drivers that outlive the server, if they do. */
  Optional<LastingDrivers> lasting() {
    return lasting;
  }

  /** Makes a directory for the files of a driver; its name is never used a second time. */
  WorkDirectory newDirectory(String name) throws IOException {
    return WorkDirectory.create(
        lasting.map(LastingDrivers::folder).orElse(settings.workDirectory()), name);
  }

  /**
   * The link of a driver that is about to be started.
   *
   * @param connection to send commands by
   * @param papers what is kept of the driver
   * @param secret the one-time secret for its first greeting
   * @param keys what it proves itself with
   */
  record Link(
      DriverConnection<DriverCommand> connection,
      DriverPapers papers,
      String secret,
      SessionCertificates.DriverKeys keys) {

    /** Keeps secrets out of logs. */
    @Override
    public String toString() {
      return "Link[" + papers.driver() + "]";
    }
  }

  /**
   * Lets a driver in from now on, until {@link #forget}.
   *
   * @param directory names the driver
   * @param events gets what it says
   */
  Link open(WorkDirectory directory, DriverConnection.Receiver<DriverEvent> events)
      throws GeneralSecurityException {
    DriverPapers papers = DriverPapers.blank(directory);
    String driver = papers.driver();
    DriverListener.Expectation expectation =
        listener.expect(
            driver, events, lasting.isPresent() ? papers::keep : LinkSecrets.Keeper.NONE);
    try {
      return new Link(
          expectation.connection(), papers, expectation.secret(), certificates.issue(driver));
    } catch (GeneralSecurityException | RuntimeException e) {
      expectation.connection().close();
      throw e;
    }
  }

  /**
   * Lets a driver in again that an earlier server has launched.
   *
   * @param position where the link to it stood
   * @throws LaunchException if nothing is known of its keys
   */
  DriverConnection<DriverCommand> openAgain(
      DriverPapers papers, LinkPosition position, DriverConnection.Receiver<DriverEvent> events)
      throws LaunchException {
    try {
      X509Certificate certificate = papers.certificate();
      DriverConnection<DriverCommand> connection =
          listener.expectAgain(papers.driver(), events, position, papers.secrets(), papers::keep);
      // Last: whose certificate is trusted, but who is not expected, is sent away for good.
      certificates.accept(papers.driver(), certificate);
      return connection;
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new LaunchException("The driver cannot be taken back: " + e.getMessage(), e);
    }
  }

  /** Lets a driver in no more, and removes what is kept of it. */
  void forget(DriverPapers papers) {
    certificates.revoke(papers.driver());
    papers.delete();
  }

  /** Starts a driver's process on this machine, so that it can outlive the server if that is so. */
  LaunchedProcess start(Link link, ProcessBuilder builder, WorkDirectory directory, ProcessLog log)
      throws IOException, GeneralSecurityException {
    if (lasting.isEmpty()) {
      return LaunchedProcess.start(builder, directory, log, () -> forget(link.papers()));
    }
    link.papers().issue(link.keys().certificate(), link.secret());
    return LaunchedProcess.startLasting(builder, link.papers(), log, () -> forget(link.papers()));
  }

  /** Returns a driver that is such a process. */
  DriverProcess driver(Link link, LaunchedProcess process) {
    return new DriverProcess(process, link.connection(), lasting.map(drivers -> link.papers()));
  }

  /**
   * Writes down whose driver that is, if it can outlive this server.
   *
   * @param lateSettings Spark's settings that it did not have when it was started
   */
  void handOver(DriverProcess driver, String owner, Map<String, String> lateSettings)
      throws IOException {
    if (lasting.isPresent() && driver.papers().isPresent()) {
      driver.papers().get().handOver(owner, lateSettings);
      lasting.get().add(driver);
    }
  }

  /** Takes everything back that was begun for a driver. */
  void undo(Optional<Link> link, Optional<LaunchedProcess> process, WorkDirectory directory) {
    link.ifPresent(
        opened -> {
          certificates.revoke(opened.papers().driver());
          opened.connection().close();
        });
    if (process.isPresent()) {
      // Its folder goes when it is gone.
      process.get().kill();
    } else if (link.isPresent()) {
      link.get().papers().delete();
    } else if (directory != null) {
      directory.delete();
    }
  }

  /**
   * Returns what an earlier server has left of a driver; only once.
   *
   * @throws LaunchException if there is nothing
   */
  DriverPapers claim(LaunchSpec spec) throws LaunchException {
    return lasting
        .orElseThrow(() -> new LaunchException("Drivers do not outlive the server."))
        .claim(spec.driverName());
  }

  /** Ends what there is of a driver of an earlier server. */
  void giveUp(DriverPapers papers) {
    certificates.revoke(papers.driver());
    lasting.ifPresent(drivers -> drivers.end(papers));
  }

  /**
   * Returns what a driver has to know of its link, but for its keys; there are secrets in it.
   *
   * @param elsewhere whether it runs on another machine
   */
  Map<String, String> driverSettings(Link link, boolean elsewhere) {
    Map<String, String> driver = new LinkedHashMap<>();
    driver.put("driver", link.papers().driver());
    driver.put("secret", link.secret());
    driver.put("server.hosts", elsewhere ? String.join(",", addresses) : addressHere());
    driver.put("server.port", String.valueOf(listener.address().getPort()));
    driver.put("key-store.password", link.keys().password());
    driver.put("server.patience-millis", String.valueOf(settings.serverIdleTimeout().toMillis()));
    driver.put(
        "jupyter-kernels",
        settings.kernelFolders().stream()
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    driver.put("output.max-chars", String.valueOf(settings.maxOutputChars()));
    return driver;
  }

  /** Returns a driver's keys as text, for one whose settings travel without other files. */
  static String keysAsText(Link link) {
    return Base64.getEncoder().encodeToString(link.keys().pkcs12());
  }

  private String addressHere() {
    InetAddress address = settings.listenAddress().getAddress();
    return address != null && address.isAnyLocalAddress()
        ? InetAddress.getLoopbackAddress().getHostAddress()
        : settings.listenAddress().getHostString();
  }

  private List<String> serverAddresses() {
    if (!settings.cluster().serverAddresses().isEmpty()) {
      return settings.cluster().serverAddresses();
    }
    InetAddress address = settings.listenAddress().getAddress();
    return address != null && address.isAnyLocalAddress()
        ? addressesOfThisMachine()
        : List.of(settings.listenAddress().getHostString());
  }

  /** Returns all addresses at which this machine may be reached, its name first. */
  private static List<String> addressesOfThisMachine() {
    List<String> all = new ArrayList<>();
    List<String> loopback = new ArrayList<>();
    try {
      all.add(InetAddress.getLocalHost().getCanonicalHostName());
    } catch (IOException e) {
      // A machine may have no name; it has addresses.
      all.clear();
    }
    try {
      for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        for (InetAddress address : Collections.list(network.getInetAddresses())) {
          boolean onlyThisLink = address instanceof Inet6Address && address.isLinkLocalAddress();
          if (network.isUp() && !onlyThisLink) {
            (address.isLoopbackAddress() ? loopback : all).add(address.getHostAddress());
          }
        }
      }
    } catch (SocketException e) {
      loopback.add(InetAddress.getLoopbackAddress().getHostAddress());
    }
    all.addAll(loopback);
    return all;
  }

  /** Ends the links, or leaves them to a later server. */
  @Override
  public void close() {
    listener.close();
    lasting.ifPresent(LastingDrivers::leave);
  }
}
