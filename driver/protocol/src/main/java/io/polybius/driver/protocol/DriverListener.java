package io.polybius.driver.protocol;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's one port for all drivers. A driver is let in when it is expected, shows the
 * certificate that was made for it, and knows its one-time secret.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Failures come to the channels' handlers.
public final class DriverListener implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DriverListener.class);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final EventLoopGroup acceptor =
      new NioEventLoopGroup(1, new DefaultThreadFactory("driver-accept", true));
  private final EventLoopGroup workers =
      new NioEventLoopGroup(2, new DefaultThreadFactory("driver-link", true));
  private final Map<String, Expected> drivers = new ConcurrentHashMap<>();
  private final ChannelGroup greeted = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final JdkSslContext tls;
  private final Duration reconnectWindow;
  private final boolean linksOutliveThis;
  private final Channel serverChannel;
  private volatile boolean closed;

  /**
   * A driver that may dial in, for as long as its connection is open.
   *
   * @param connection to send commands by; what is sent before the driver is there waits for it
   * @param secret the one-time secret for the driver's first hello
   */
  public record Expectation(DriverConnection<DriverCommand> connection, String secret) {
    /** Keeps the secret out of logs. */
    @Override
    public String toString() {
      return "Expectation[]";
    }
  }

  private static final class Expected {
    final LinkSecrets.Keeper keeper;
    ReliableConnection<DriverCommand, DriverEvent> connection;
    String secret;

    /** Good until the driver shows that the one after it has arrived. */
    String previousSecret;

    Expected(LinkSecrets.Keeper keeper) {
      this.keeper = keeper;
    }
  }

  /**
   * Binds the port, for links that end with this listener.
   *
   * @param address where to listen; port 0 for any free one
   * @param context has the server's key, and trusts the certificates of expected drivers only
   * @param reconnectWindow how long a driver may be away before its link counts as ended
   * @throws IOException if the port cannot be bound
   */
  public DriverListener(InetSocketAddress address, SSLContext context, Duration reconnectWindow)
      throws IOException {
    this(address, context, reconnectWindow, false);
  }

  /**
   * Binds the port.
   *
   * @param address where to listen; port 0 for any free one
   * @param context has the server's key, and trusts the certificates of expected drivers only
   * @param reconnectWindow how long a driver may be away before its link counts as ended
   * @param linksOutliveThis whether the links are left for a later process when this is closed;
   *     then an event is acknowledged only when {@link DriverConnection#kept} says that it is kept
   * @throws IOException if the port cannot be bound
   */
  public DriverListener(
      InetSocketAddress address,
      SSLContext context,
      Duration reconnectWindow,
      boolean linksOutliveThis)
      throws IOException {
    this.tls = LinkTransport.tls(context, false);
    this.reconnectWindow = reconnectWindow;
    this.linksOutliveThis = linksOutliveThis;
    var binding =
        new ServerBootstrap()
            .group(acceptor, workers)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    FrameCodec codec = new FrameCodec();
                    LinkTransport.fill(channel.pipeline(), tls.newHandler(channel.alloc()), codec);
                    channel.pipeline().addLast(new ServerHandler(codec));
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!binding.isSuccess()) {
      shutDownThreads();
      throw new IOException(
          "cannot listen for drivers on " + address + ": " + binding.cause().getMessage(),
          binding.cause());
    }
    serverChannel = binding.channel();
  }

  /** Returns the bound address. */
  public InetSocketAddress address() {
    return (InetSocketAddress) serverChannel.localAddress();
  }

  /**
   * Lets a driver in from now on, until the returned connection is closed at either end.
   *
   * @param driver the name in its certificate, not yet expected
   * @param receiver gets its events
   * @throws IllegalStateException if a driver of that name is expected already, or this is closed
   */
  public Expectation expect(String driver, DriverConnection.Receiver<DriverEvent> receiver) {
    return expect(driver, receiver, LinkSecrets.Keeper.NONE);
  }

  /**
   * Lets a driver in from now on, until the returned connection is closed at either end.
   *
   * @param driver the name in its certificate, not yet expected
   * @param receiver gets its events
   * @param keeper gets its secrets, each before the driver does, but not the first one
   * @throws IllegalStateException if a driver of that name is expected already, or this is closed
   */
  public Expectation expect(
      String driver, DriverConnection.Receiver<DriverEvent> receiver, LinkSecrets.Keeper keeper) {
    Expected expected = new Expected(keeper);
    expected.secret = newSecret();
    add(driver, expected, receiver, new LinkPosition(0, 0, List.of()));
    return new Expectation(expected.connection, expected.secret);
  }

  /**
   * Lets a driver in again whose link another process has left, as {@link #expect} does; it has to
   * come as soon as one whose transport was cut.
   *
   * @param position where the link stood
   * @param secrets those that were kept last
   */
  public DriverConnection<DriverCommand> expectAgain(
      String driver,
      DriverConnection.Receiver<DriverEvent> receiver,
      LinkPosition position,
      LinkSecrets secrets,
      LinkSecrets.Keeper keeper) {
    Expected expected = new Expected(keeper);
    expected.secret = secrets.current();
    expected.previousSecret = secrets.previous().orElse(null);
    add(driver, expected, receiver, position);
    endUnlessReattached(expected.connection, null);
    return expected.connection;
  }

  private void add(
      String driver,
      Expected expected,
      DriverConnection.Receiver<DriverEvent> receiver,
      LinkPosition position) {
    expected.connection =
        new ReliableConnection<>(
            DriverEvent.class,
            receiver,
            reason -> drivers.remove(driver, expected),
            linksOutliveThis);
    expected.connection.resume(position.received(), position.sent(), position.commands());
    if (drivers.putIfAbsent(driver, expected) != null) {
      throw new IllegalStateException("driver " + driver + " is expected already");
    }
    if (closed) {
      drivers.remove(driver, expected);
      throw new IllegalStateException("the listener is closed");
    }
  }

  /** Ends all links, or leaves them, and frees the port; waits a few seconds at most. */
  @Override
  public void close() {
    closed = true;
    serverChannel.close().awaitUninterruptibly(2000);
    for (Expected expected : drivers.values()) {
      if (linksOutliveThis) {
        expected.connection.leave();
      } else {
        expected.connection.close();
      }
    }
    greeted.newCloseFuture().awaitUninterruptibly(LinkTransport.PARTING.toMillis() + 500);
    shutDownThreads();
  }

  private void shutDownThreads() {
    acceptor.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    workers.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    acceptor.terminationFuture().awaitUninterruptibly(3000);
    workers.terminationFuture().awaitUninterruptibly(3000);
  }

  private void endUnlessReattached(ReliableConnection<?, ?> connection, LinkTransport ended) {
    workers.schedule(
        () ->
            connection.failUnlessReattached(
                ended, "the driver was unreachable for " + reconnectWindow.toSeconds() + " s"),
        reconnectWindow.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  private static String newSecret() {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static boolean same(String one, String other) {
    return one != null
        && MessageDigest.isEqual(
            one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }

  private final class ServerHandler extends LinkHandler {

    private Expected greeting;
    private String offeredSecret;

    ServerHandler(FrameCodec codec) {
      super(codec);
    }

    @Override
    void greet(ChannelHandlerContext context, LinkFrame first) {
      if (!(first instanceof LinkFrame.Hello hello)) {
        refuse(context, "it did not greet");
        return;
      }
      Expected expected = drivers.get(hello.driver());
      if (closed && linksOutliveThis) {
        // A goodbye would end a driver that waits for a later server.
        context.close();
        return;
      }
      if (expected == null || !certificateNames(context, hello.driver())) {
        refuse(context, "nobody expects it");
        return;
      }
      synchronized (expected) {
        boolean current = same(expected.secret, hello.secret());
        if (!current && !same(expected.previousSecret, hello.secret())) {
          refuse(context, "its secret is wrong or was used before");
          return;
        }
        offeredSecret = newSecret();
        try {
          expected.keeper.keep(new LinkSecrets(offeredSecret, Optional.of(hello.secret())));
        } catch (IOException e) {
          log.error("a driver's secrets cannot be kept, so it has to dial again", e);
          context.close();
          return;
        }
        expected.previousSecret = hello.secret();
        expected.secret = offeredSecret;
        greeting = expected;
        greeted.add(context.channel());
        // Still under the lock, so that the newest secret and the newest transport belong together.
        context.writeAndFlush(
            new LinkFrame.Welcome(offeredSecret, expected.connection.lastReceived()),
            context.voidPromise());
        greeted(context, expected.connection, hello.lastReceived());
      }
    }

    @Override
    void confirmed() {
      Expected expected = greeting;
      synchronized (expected) {
        // A later greeting may be under way, whose answer the driver does not yet have.
        if (same(expected.secret, offeredSecret)) {
          expected.previousSecret = null;
        }
      }
    }

    @Override
    void lost(ReliableConnection<?, ?> connection, LinkTransport transport) {
      log.info("a driver's link was cut; waiting {} for it to come back", reconnectWindow);
      endUnlessReattached(connection, transport);
    }

    private void refuse(ChannelHandlerContext context, String why) {
      log.warn("refused a driver from {}: {}", context.channel().remoteAddress(), why);
      hangUp(context, new LinkFrame.Goodbye("refused"));
    }

    private boolean certificateNames(ChannelHandlerContext context, String driver) {
      try {
        var session = context.pipeline().get(SslHandler.class).engine().getSession();
        X509Certificate shown = (X509Certificate) session.getPeerCertificates()[0];
        return shown.getSubjectX500Principal().getName().equals("CN=" + driver);
      } catch (SSLPeerUnverifiedException e) {
        return false;
      }
    }
  }
}
