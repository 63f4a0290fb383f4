package io.polybius.driver.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.polybius.driver.protocol.DriverCommand.Cancel;
import io.polybius.driver.protocol.DriverCommand.Execute;
import io.polybius.driver.protocol.DriverEvent.StatementProgressed;
import io.polybius.driver.protocol.DriverEvent.StatementSucceeded;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link DriverListener} and {@link DriverDialer} over TLS on the loopback interface. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DriverLinkTest {

  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int MANY = 10_000;

  // Keys take time to make, and no test changes them.
  private static final Identity SERVER = Identity.of("server");
  private static final Identity DRIVER = Identity.of("session-1");
  private static final Identity OTHER = Identity.of("session-2");
  private static final Identity STRANGER = Identity.of("session-1");

  private final Set<X509Certificate> expectedCertificates = ConcurrentHashMap.newKeySet();
  private final Deque<AutoCloseable> toClose = new ArrayDeque<>();

  @BeforeEach
  void expectCertificates() {
    expectedCertificates.add(DRIVER.certificate());
    expectedCertificates.add(OTHER.certificate());
  }

  @AfterEach
  void closeAll() throws Exception {
    while (!toClose.isEmpty()) {
      toClose.pop().close();
    }
  }

  // ---- what is sent arrives

  @Test
  void manyMessagesArriveBothWaysInOrder() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    DriverDialer dialer = dialer(listener.address(), expectation.secret(), LONG, atDriver);
    for (int i = 0; i < MANY; i++) {
      expectation.connection().send(new Cancel(i));
      dialer.connection().send(new StatementSucceeded(i));
    }
    assertThat(atDriver.awaitCount(MANY)).isEqualTo(cancels(MANY));
    assertThat(atServer.awaitCount(MANY)).isEqualTo(successes(MANY));
  }

  @Test
  void commandsWaitForADriverThatIsNotYetThere() throws Exception {
    DriverListener listener = listener(LONG);
    var expectation = listener.expect("session-1", new Collector<>());
    expectation.connection().send(new Cancel(0));
    expectation.connection().send(new Cancel(1));
    Collector<DriverCommand> atDriver = new Collector<>();
    dialer(listener.address(), expectation.secret(), LONG, atDriver);
    assertThat(atDriver.awaitCount(2)).isEqualTo(cancels(2));
  }

  @Test
  void driverGoesOnDiallingUntilTheServerIsThere() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    CuttableProxy proxy = proxy(listener.address());
    proxy.goDown();
    Collector<DriverCommand> atDriver = new Collector<>();
    DriverDialer dialer = dialer(proxy.address(), expectation.secret(), LONG, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    expectation.connection().send(new Cancel(0));
    await().atMost(Duration.ofSeconds(10)).until(() -> proxy.refusals() >= 2);
    proxy.comeUp();
    assertThat(atDriver.awaitCount(1)).isEqualTo(cancels(1));
    assertThat(atServer.awaitCount(1)).isEqualTo(successes(1));
  }

  @Test
  void driverFindsTheServerAtTheOneOfItsAddressesThatAnswers() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    InetSocketAddress nobody;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = new InetSocketAddress(taken.getInetAddress(), taken.getLocalPort());
    }
    DriverDialer dialer =
        new DriverDialer(
            "session-1",
            expectation.secret(),
            List.of(nobody, nobody, listener.address()),
            DRIVER.trusting(Set.of(SERVER.certificate())),
            LONG,
            new Collector<>());
    toClose.push(dialer);

    dialer.connection().send(new StatementSucceeded(0));
    assertThat(atServer.awaitCount(1)).isEqualTo(successes(1));
  }

  @Test
  void messagesFromSeveralThreadsAndFromTheReceiverKeepTheirOrder() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    AtomicReference<DriverConnection<DriverEvent>> toServer = new AtomicReference<>();
    // Answers from the link's own thread, while other threads send as well.
    Collector<DriverCommand> atDriver =
        new Collector<>(
            command -> {
              int number = ((Cancel) command).statementId();
              toServer.get().send(new StatementProgressed(99, number, MANY, 0, 1));
            });
    var expectation = listener.expect("session-1", atServer);
    CuttableProxy proxy = proxy(listener.address());
    DriverDialer dialer = dialer(proxy.address(), expectation.secret(), LONG, atDriver);
    toServer.set(dialer.connection());
    List<Thread> threads = new ArrayList<>();
    for (int id = 0; id < 3; id++) {
      int sender = id;
      threads.add(
          new Thread(
              () -> {
                for (int i = 0; i < MANY; i++) {
                  dialer.connection().send(new StatementProgressed(sender, i, MANY, 0, 1));
                  if (sender == 0) {
                    expectation.connection().send(new Cancel(i));
                  }
                }
              }));
    }
    dialer.connection().send(new StatementProgressed(100, 0, MANY, 0, 1));
    atServer.awaitCount(1);
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    List<DriverEvent> received = atServer.awaitCount(4 * MANY + 1);
    for (int sender : new int[] {0, 1, 2, 99}) {
      assertThat(received)
          .filteredOn(event -> ((StatementProgressed) event).statementId() == sender)
          .isEqualTo(
              IntStream.range(0, MANY)
                  .mapToObj(i -> new StatementProgressed(sender, i, MANY, 0, 1))
                  .toList());
    }
    assertThat(proxy.connections()).isEqualTo(1);
  }

  @Test
  void largeMessageArrivesAndTooLargeOneFailsItsSender() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", new Collector<>());
    dialer(listener.address(), expectation.secret(), LONG, atDriver);
    DriverConnection<DriverCommand> link = expectation.connection();
    assertThatThrownBy(
            () -> link.send(new Execute(0, "spark", "x".repeat(64 << 20), ExecuteOptions.PLAIN)))
        .isInstanceOf(IllegalArgumentException.class);
    String large = "\u20ac".repeat(5 << 20);
    link.send(new Execute(1, "spark", large, ExecuteOptions.PLAIN));
    link.send(new Cancel(1));
    assertThat(atDriver.awaitCount(2))
        .containsExactly(new Execute(1, "spark", large, ExecuteOptions.PLAIN), new Cancel(1));
  }

  // ---- the transport is cut

  @Test
  void nothingIsLostOrDoubledWhenTheTransportIsCut() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    CuttableProxy proxy = proxy(listener.address());
    DriverDialer dialer = dialer(proxy.address(), expectation.secret(), LONG, atDriver);
    int cuts = 4;
    for (int cut = 0; cut <= cuts; cut++) {
      for (int i = 0; i < MANY; i++) {
        expectation.connection().send(new Cancel(cut * MANY + i));
        dialer.connection().send(new StatementSucceeded(cut * MANY + i));
        if (i == MANY / 2 && cut < cuts) {
          atServer.awaitCount(cut * MANY + 100);
          proxy.cut();
        }
      }
    }
    int all = (cuts + 1) * MANY;
    assertThat(atDriver.awaitCount(all)).isEqualTo(cancels(all));
    assertThat(atServer.awaitCount(all)).isEqualTo(successes(all));
    assertThat(proxy.connections()).isGreaterThan(1);
    assertThat(atServer.isOpen() && atDriver.isOpen()).isTrue();
  }

  @Test
  void whatIsSentWhileTheTransportIsAwayArrivesAfterwards() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    CuttableProxy proxy = proxy(listener.address());
    DriverDialer dialer = dialer(proxy.address(), expectation.secret(), LONG, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    proxy.goDown();
    expectation.connection().send(new Cancel(0));
    dialer.connection().send(new StatementSucceeded(1));
    proxy.comeUp();
    assertThat(atDriver.awaitCount(1)).isEqualTo(cancels(1));
    assertThat(atServer.awaitCount(2)).isEqualTo(successes(2));
  }

  @Test
  void driverThatCameBackIsNotGivenUpLater() throws Exception {
    Duration window = Duration.ofMillis(800);
    DriverListener listener = listener(window);
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    CuttableProxy proxy = proxy(listener.address());
    DriverDialer dialer = dialer(proxy.address(), expectation.secret(), window, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    proxy.cut();
    dialer.connection().send(new StatementSucceeded(1));
    atServer.awaitCount(2);
    await()
        .during(window.plusMillis(400))
        .atMost(window.plusSeconds(5))
        .until(() -> atServer.isOpen() && atDriver.isOpen());
    dialer.connection().send(new StatementSucceeded(2));
    atServer.awaitCount(3);
  }

  @Test
  void driverGivesUpWhenTheServerIsGone() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverCommand> atDriver = new Collector<>();
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    CuttableProxy proxy = proxy(listener.address());
    DriverDialer dialer =
        dialer(proxy.address(), expectation.secret(), Duration.ofSeconds(1), atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    long cut = System.nanoTime();
    proxy.goDown();
    assertThat(atDriver.awaitClosed()).isEqualTo("the server did not answer for 1 s");
    assertThat(Duration.ofNanos(System.nanoTime() - cut))
        .isBetween(Duration.ofMillis(900), Duration.ofSeconds(3));
    assertThat(atDriver.timesClosed()).isEqualTo(1);
    dialer.connection().send(new StatementSucceeded(1));
    assertThat(atServer.soFar()).hasSize(1);
  }

  @Test
  void driverGivesUpWhenNoServerWasEverThere() throws Exception {
    Collector<DriverCommand> atDriver = new Collector<>();
    dialer(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort()),
        "secret",
        Duration.ofMillis(500),
        atDriver);
    assertThat(atDriver.awaitClosed()).startsWith("the server did not answer for");
  }

  @Test
  void driverGivesUpWhenTheServerTakesConnectionsButSaysNothing() throws Exception {
    try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Collector<DriverCommand> atDriver = new Collector<>();
      dialer(
          (InetSocketAddress) mute.getLocalSocketAddress(),
          "secret",
          Duration.ofMillis(500),
          atDriver);
      assertThat(atDriver.awaitClosed()).startsWith("the server did not answer for");
    }
  }

  @Test
  void serverGivesUpADriverThatDoesNotComeBack() throws Exception {
    DriverListener listener = listener(Duration.ofSeconds(1));
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    CuttableProxy proxy = proxy(listener.address());
    DriverDialer dialer = dialer(proxy.address(), expectation.secret(), LONG, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    proxy.goDown();
    assertThat(atServer.awaitClosed()).isEqualTo("the driver was unreachable for 1 s");
    assertThat(atServer.timesClosed()).isEqualTo(1);
    // Too late: the driver is told so and ends.
    proxy.comeUp();
    assertThat(atDriver.awaitClosed()).isEqualTo("the server does not know this driver");
  }

  // ---- who is let in

  @Test
  void wrongSecretIsRefusedAndTheRightOneStillGood() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    Collector<DriverCommand> atIntruder = new Collector<>();
    DriverDialer intruder = dialer(listener.address(), "guess", LONG, atIntruder);
    intruder.connection().send(new StatementSucceeded(666));
    assertThat(atIntruder.awaitClosed()).isEqualTo("the server does not know this driver");
    assertServed(listener, expectation, atServer);
  }

  @Test
  void usedSecretIsRefusedOnceTheDriverHasTheNext() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    assertServed(listener, expectation, atServer);
    Collector<DriverCommand> atIntruder = new Collector<>();
    dialer(listener.address(), expectation.secret(), LONG, atIntruder);
    assertThat(atIntruder.awaitClosed()).isEqualTo("the server does not know this driver");
    assertThat(atServer.isOpen()).isTrue();
  }

  @Test
  void driverThatDidNotGetTheNextSecretMayUseItsOldOneAgain() throws Exception {
    DriverListener listener = listener(LONG);
    String first = listener.expect("session-1", new Collector<>()).secret();
    String second;
    try (HandDriver driver = handDriver(listener)) {
      second = driver.hello("session-1", first);
      assertThat(second).isNotEqualTo(first).hasSizeGreaterThan(40);
    }
    String third;
    try (HandDriver driver = handDriver(listener)) {
      third = driver.hello("session-1", first);
      assertThat(third).isNotIn(first, second);
    }
    try (HandDriver driver = handDriver(listener)) {
      driver.say(new LinkFrame.Hello("session-1", second, 0));
      assertThat(driver.hear(LinkFrame.Goodbye.class).reason()).isEqualTo("refused");
      driver.awaitHangUp();
    }
    String fourth;
    try (HandDriver driver = handDriver(listener)) {
      fourth = driver.hello("session-1", third);
      driver.say(new LinkFrame.Heartbeat());
      driver.say(new LinkFrame.Payload(1, new WireTable().encode(new StatementSucceeded(1))));
      assertThat(driver.hear(LinkFrame.Acknowledge.class).sequence()).isEqualTo(1);
    }
    for (String used : List.of(first, second, third)) {
      try (HandDriver driver = handDriver(listener)) {
        driver.say(new LinkFrame.Hello("session-1", used, 0));
        assertThat(driver.hear(LinkFrame.Goodbye.class).reason()).isEqualTo("refused");
      }
    }
    try (HandDriver driver = handDriver(listener)) {
      driver.hello("session-1", fourth);
    }
  }

  @Test
  void certificateOfAnotherDriverIsRefused() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    Collector<DriverCommand> atIntruder = new Collector<>();
    dialer(OTHER, listener.address(), expectation.secret(), LONG, atIntruder);
    assertThat(atIntruder.awaitClosed()).isEqualTo("the server does not know this driver");
    assertServed(listener, expectation, atServer);
  }

  @Test
  void certificateThatIsNotExpectedIsRefused() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    Collector<DriverCommand> atIntruder = new Collector<>();
    dialer(STRANGER, listener.address(), expectation.secret(), Duration.ofMillis(700), atIntruder);
    assertThat(atIntruder.awaitClosed()).startsWith("the server did not answer");
    assertServed(listener, expectation, atServer);
  }

  @Test
  void nobodyGetsInWithoutACertificate() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    try (HandDriver driver =
        new HandDriver(listener.address(), Identity.nobodyTrusting(SERVER.certificate()))) {
      assertThatThrownBy(() -> driver.hello("session-1", expectation.secret()))
          .isInstanceOf(IOException.class);
    }
    assertServed(listener, expectation, atServer);
  }

  @Test
  void olderTlsIsRefused() throws Exception {
    DriverListener listener = listener(LONG);
    SSLContext context = DRIVER.trusting(Set.of(SERVER.certificate()));
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket()) {
      socket.connect(listener.address(), 5000);
      socket.setSoTimeout(5000);
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThatThrownBy(socket::startHandshake)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("protocol_version");
    }
  }

  @Test
  void plainTextIsRefused() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    try (Socket socket = new Socket()) {
      socket.connect(listener.address(), 5000);
      socket.setSoTimeout(5000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream answer = socket.getInputStream();
      byte[] bytes = answer.readAllBytes();
      assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).doesNotContain("HTTP");
    }
    assertServed(listener, expectation, atServer);
  }

  @Test
  void driverTellsAnImpostorNothing() throws Exception {
    Set<X509Certificate> anybody = Set.of(DRIVER.certificate());
    Collector<DriverEvent> atImpostor = new Collector<>();
    DriverListener impostor = new DriverListener(ANY_PORT, STRANGER.trusting(anybody), LONG);
    toClose.push(impostor);
    String secret = impostor.expect("session-1", atImpostor).secret();
    Collector<DriverCommand> atDriver = new Collector<>();
    // Even the secret is the right one; only the certificate is not that of the server.
    DriverDialer dialer = dialer(impostor.address(), secret, Duration.ofMillis(700), atDriver);
    dialer.connection().send(new StatementSucceeded(1));
    assertThat(atDriver.awaitClosed()).startsWith("the server did not answer");
    assertThat(atImpostor.soFar()).isEmpty();
  }

  @Test
  void nothingIsHeardAfterARefusal() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    for (LinkFrame first :
        List.of(
            new LinkFrame.Hello("session-1", "guess", 0),
            new LinkFrame.Hello("nobody", expectation.secret(), 0),
            new LinkFrame.Heartbeat(),
            new LinkFrame.Payload(1, new WireTable().encode(new StatementSucceeded(1))))) {
      try (HandDriver driver = handDriver(listener)) {
        driver.say(first);
        driver.say(new LinkFrame.Hello("session-1", expectation.secret(), 0));
        assertThat(driver.hear(LinkFrame.Goodbye.class).reason()).isEqualTo("refused");
        driver.awaitHangUp();
      }
    }
    assertThat(atServer.soFar()).isEmpty();
    assertServed(listener, expectation, atServer);
  }

  @Test
  void garbageInPlaceOfAGreetingIsHungUpOn() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    byte[][] garbage = {
      {0x7F, -1, -1, -1},
      {0, 0, 0x20, 0},
      {-1, -1, -1, -1},
      {0, 0, 0, 1, 120},
      {0, 0, 0, 0},
    };
    for (byte[] bytes : garbage) {
      try (HandDriver driver = handDriver(listener)) {
        driver.sayBytes(bytes);
        driver.awaitHangUp();
      }
    }
    assertServed(listener, expectation, atServer);
  }

  @Test
  void garbageFromAKnownDriverEndsItsLink() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    try (HandDriver driver = handDriver(listener)) {
      driver.hello("session-1", expectation.secret());
      driver.sayBytes((byte) 0, (byte) 0, (byte) 0, (byte) 1, (byte) 120);
      assertThat(driver.hear(LinkFrame.Goodbye.class).reason())
          .startsWith("bytes that stand for nothing");
      assertThat(atServer.awaitClosed()).startsWith("bytes that stand for nothing");
    }
    // The name is free again.
    Collector<DriverEvent> again = new Collector<>();
    assertServed(listener, listener.expect("session-1", again), again);
  }

  @Test
  void newTransportTakesThePlaceOfOneThatHangs() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    WireTable table = new WireTable();
    try (HandDriver hanging = handDriver(listener)) {
      String next = hanging.hello("session-1", expectation.secret());
      hanging.say(new LinkFrame.Heartbeat());
      try (HandDriver driver = handDriver(listener)) {
        driver.hello("session-1", next);
        driver.say(new LinkFrame.Payload(1, table.encode(new StatementSucceeded(0))));
        hanging.awaitHangUp();
        assertThat(atServer.awaitCount(1)).isEqualTo(successes(1));
        assertThat(atServer.isOpen()).isTrue();
      }
    }
  }

  // ---- the end

  @Test
  void serverThatClosesTheLinkIsHeardAfterItsLastCommand() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    DriverDialer dialer = dialer(listener.address(), expectation.secret(), LONG, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    for (int i = 0; i < MANY; i++) {
      expectation.connection().send(new Cancel(i));
    }
    expectation.connection().close();
    assertThat(atServer.awaitClosed()).isEqualTo("closed at this end");
    assertThat(atDriver.awaitClosed()).isEqualTo("closed at the other end");
    assertThat(atDriver.soFar()).isEqualTo(cancels(MANY));
  }

  @Test
  void driverThatClosesTheLinkIsHeardAfterItsLastEvent() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    DriverDialer dialer = dialer(listener.address(), expectation.secret(), LONG, new Collector<>());
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    for (int i = 1; i < MANY; i++) {
      dialer.connection().send(new StatementSucceeded(i));
    }
    long began = System.nanoTime();
    dialer.close();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
    assertThat(atServer.awaitClosed()).isEqualTo("closed at the other end");
    assertThat(atServer.soFar()).isEqualTo(successes(MANY));
  }

  @Test
  void bothMayCloseAtOnce() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    DriverDialer dialer = dialer(listener.address(), expectation.secret(), LONG, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    long began = System.nanoTime();
    dialer.connection().close();
    expectation.connection().close();
    dialer.close();
    listener.close();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
    assertThat(atServer.timesClosed()).isEqualTo(1);
    assertThat(atDriver.timesClosed()).isEqualTo(1);
  }

  @Test
  void dialerMayBeClosedByItsReceiver() throws Exception {
    DriverListener listener = listener(LONG);
    Collector<DriverEvent> atServer = new Collector<>();
    AtomicReference<DriverDialer> self = new AtomicReference<>();
    CountDownLatch dialling = new CountDownLatch(1);
    Collector<DriverCommand> atDriver =
        new Collector<>(
            command -> {
              awaitLatch(dialling);
              for (int i = 0; i < MANY; i++) {
                self.get().connection().send(new StatementSucceeded(i));
              }
              self.get().close();
            });
    var expectation = listener.expect("session-1", atServer);
    self.set(dialer(listener.address(), expectation.secret(), LONG, atDriver));
    dialling.countDown();
    expectation.connection().send(new Cancel(0));
    assertThat(atDriver.awaitClosed()).isEqualTo("closed at this end");
    assertThat(atServer.awaitClosed()).isEqualTo("closed at the other end");
    assertThat(atServer.soFar()).isEqualTo(successes(MANY));
    await().atMost(Duration.ofSeconds(5)).until(() -> threads("server-link").isEmpty());
  }

  @Test
  void closingLeavesNoThreadAndNoPort() throws Exception {
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> threads("driver-").isEmpty() && threads("server-link").isEmpty());
    DriverListener listener = listener(LONG);
    int port = listener.address().getPort();
    Collector<DriverEvent> atServer = new Collector<>();
    Collector<DriverCommand> atDriver = new Collector<>();
    var expectation = listener.expect("session-1", atServer);
    var nobody = listener.expect("session-2", new Collector<>());
    DriverDialer dialer = dialer(listener.address(), expectation.secret(), LONG, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    atServer.awaitCount(1);
    try (Socket silent = new Socket()) {
      silent.connect(listener.address(), 5000);
      assertThat(threads("driver-")).isNotEmpty();
      assertThat(threads("server-link")).isNotEmpty();
      long began = System.nanoTime();
      listener.close();
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(3));
      assertThat(atServer.awaitClosed()).isEqualTo("closed at this end");
      assertThat(atDriver.awaitClosed()).isEqualTo("closed at the other end");
      dialer.close();
      // A thread says that it has ended a moment before it has.
      await()
          .atMost(Duration.ofSeconds(1))
          .until(() -> threads("driver-").isEmpty() && threads("server-link").isEmpty());
      listener.close();
      dialer.close();
    }
    nobody.connection().send(new Cancel(0));
    try (ServerSocket again = new ServerSocket()) {
      again.setReuseAddress(true);
      again.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }
    // Netty's own thread for such things ends by itself when there is nothing to do.
    await().atMost(Duration.ofSeconds(10)).until(() -> threads("globalEventExecutor").isEmpty());
  }

  @Test
  void portThatIsTakenIsToldAndLeavesNoThread() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      InetSocketAddress address = (InetSocketAddress) taken.getLocalSocketAddress();
      SSLContext context = SERVER.trusting(expectedCertificates);
      assertThatThrownBy(() -> new DriverListener(address, context, LONG))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot listen for drivers on")
          .hasMessageContaining(Integer.toString(address.getPort()));
    }
    await().atMost(Duration.ofSeconds(5)).until(() -> threads("driver-").isEmpty());
  }

  @Test
  void nameIsExpectedOnceAtATime() throws Exception {
    DriverListener listener = listener(LONG);
    var first = listener.expect("session-1", new Collector<>());
    assertThatThrownBy(() -> listener.expect("session-1", new Collector<>()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("driver session-1 is expected already");
    first.connection().close();
    Collector<DriverCommand> late = new Collector<>();
    dialer(listener.address(), first.secret(), LONG, late);
    assertThat(late.awaitClosed()).isEqualTo("the server does not know this driver");
    listener.expect("session-1", new Collector<>());
    listener.close();
    assertThatThrownBy(() -> listener.expect("session-2", new Collector<>()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the listener is closed");
  }

  @Test
  void secretsAreNotInTheTextOfAnExpectation() throws Exception {
    var expectation = listener(LONG).expect("session-1", new Collector<>());
    assertThat(expectation.secret()).hasSizeGreaterThan(40);
    assertThat(expectation.toString()).doesNotContain(expectation.secret());
    assertThat(expectation.connection().toString()).doesNotContain(expectation.secret());
  }

  // ---- tools

  private void assertServed(
      DriverListener listener,
      DriverListener.Expectation expectation,
      Collector<DriverEvent> server)
      throws Exception {
    Collector<DriverCommand> atDriver = new Collector<>();
    DriverDialer dialer = dialer(listener.address(), expectation.secret(), LONG, atDriver);
    dialer.connection().send(new StatementSucceeded(0));
    expectation.connection().send(new Cancel(0));
    assertThat(server.awaitCount(1)).isEqualTo(successes(1));
    assertThat(atDriver.awaitCount(1)).isEqualTo(cancels(1));
  }

  private DriverListener listener(Duration window) throws Exception {
    return listener(ANY_PORT, window);
  }

  private DriverListener listener(InetSocketAddress address, Duration window) throws Exception {
    DriverListener listener =
        new DriverListener(address, SERVER.trusting(expectedCertificates), window);
    toClose.push(listener);
    return listener;
  }

  // ---- a later process takes a link over

  @Test
  void laterListenerGoesOnWithoutLossOrDoubling() throws Exception {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort());
    AtomicReference<LinkSecrets> secrets = new AtomicReference<>();
    DriverListener earlier = lastingListener(address);
    Collector<DriverEvent> atEarlier = new Collector<>();
    var expectation = earlier.expect("session-1", atEarlier, secrets::set);
    Collector<DriverCommand> atDriver = new Collector<>();
    DriverDialer dialer = dialer(address, expectation.secret(), LONG, atDriver);
    expectation.connection().send(new Cancel(0));
    atDriver.awaitCount(1);
    for (int i = 0; i < 3; i++) {
      dialer.connection().send(new StatementSucceeded(i));
    }
    atEarlier.awaitCount(3);
    // The third has come, but what became of it is lost with the process.
    expectation.connection().kept(2);
    earlier.close();
    assertThat(atEarlier.isOpen()).isTrue();
    dialer.connection().send(new StatementSucceeded(3));

    DriverListener later = lastingListener(address);
    Collector<DriverEvent> atLater = new Collector<>();
    var connection =
        later.expectAgain(
            "session-1", atLater, new LinkPosition(2, 0, cancels(2)), secrets.get(), secrets::set);
    assertThat(atLater.awaitCount(2))
        .containsExactly(new StatementSucceeded(2), new StatementSucceeded(3));
    connection.send(new Cancel(2));
    assertThat(atDriver.awaitCount(3)).isEqualTo(cancels(3));
    await().until(() -> connection.acknowledged() == 3);
    assertThat(connection.sent()).isEqualTo(3);
    connection.close();
    atDriver.awaitClosed();
  }

  @Test
  void laterListenerGivesUpOnADriverThatDoesNotCome() throws Exception {
    DriverListener later = listener(Duration.ofMillis(200));
    Collector<DriverEvent> atLater = new Collector<>();
    later.expectAgain(
        "session-1",
        atLater,
        new LinkPosition(0, 0, List.of()),
        new LinkSecrets("secret", Optional.empty()),
        LinkSecrets.Keeper.NONE);
    assertThat(atLater.awaitClosed()).contains("unreachable");
  }

  @Test
  void secretsThatCannotBeKeptAreNotGivenOut() throws Exception {
    DriverListener listener = listener(LONG);
    AtomicInteger failures = new AtomicInteger();
    Collector<DriverEvent> atServer = new Collector<>();
    var expectation =
        listener.expect(
            "session-1",
            atServer,
            secrets -> {
              if (failures.getAndIncrement() == 0) {
                throw new IOException("no space");
              }
            });
    DriverDialer dialer = dialer(listener.address(), expectation.secret(), LONG, new Collector<>());
    dialer.connection().send(new StatementSucceeded(0));
    assertThat(atServer.awaitCount(1)).isEqualTo(successes(1));
    assertThat(failures.get()).isEqualTo(2);
  }

  private DriverListener lastingListener(InetSocketAddress address) throws Exception {
    DriverListener listener =
        new DriverListener(address, SERVER.trusting(expectedCertificates), LONG, true);
    toClose.push(listener);
    return listener;
  }

  private CuttableProxy proxy(InetSocketAddress target) throws Exception {
    CuttableProxy proxy = new CuttableProxy(target);
    toClose.push(proxy);
    return proxy;
  }

  private DriverDialer dialer(
      InetSocketAddress server,
      String secret,
      Duration patience,
      DriverConnection.Receiver<DriverCommand> receiver) {
    return dialer(DRIVER, server, secret, patience, receiver);
  }

  private DriverDialer dialer(
      Identity identity,
      InetSocketAddress server,
      String secret,
      Duration patience,
      DriverConnection.Receiver<DriverCommand> receiver) {
    DriverDialer dialer =
        new DriverDialer(
            "session-1",
            secret,
            List.of(server),
            identity.trusting(Set.of(SERVER.certificate())),
            patience,
            receiver);
    toClose.push(dialer);
    return dialer;
  }

  private static HandDriver handDriver(DriverListener listener) throws Exception {
    return new HandDriver(listener.address(), DRIVER.trusting(Set.of(SERVER.certificate())));
  }

  private static List<DriverCommand> cancels(int count) {
    return IntStream.range(0, count).<DriverCommand>mapToObj(Cancel::new).toList();
  }

  private static List<DriverEvent> successes(int count) {
    return IntStream.range(0, count).<DriverEvent>mapToObj(StatementSucceeded::new).toList();
  }

  private static List<String> threads(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .map(Thread::getName)
        .filter(name -> name.startsWith(prefix))
        .toList();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      if (!latch.await(10, TimeUnit.SECONDS)) {
        throw new AssertionError("nobody counted down");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
