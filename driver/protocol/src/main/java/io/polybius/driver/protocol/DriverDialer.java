package io.polybius.driver.protocol;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A driver's end of the link: dials the server, dials again whenever the transport is lost, and
 * gives up when the server has not answered for the configured time.
 *
 * <p>All dialling happens on one event loop thread.
 */
public final class DriverDialer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DriverDialer.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final EventLoopGroup loop =
      new NioEventLoopGroup(1, new DefaultThreadFactory("server-link", true));
  private final String driver;
  private final InetSocketAddress server;
  private final JdkSslContext tls;
  private final Duration patience;
  private final ReliableConnection<DriverEvent, DriverCommand> connection;

  private String secret;
  private Duration pause = FIRST_PAUSE;
  private long silentSince = System.nanoTime();

  /**
   * Starts to dial.
   *
   * @param driver the name in this driver's certificate
   * @param secret the one-time secret for the first hello
   * @param server where the server listens for drivers
   * @param context has this driver's key, and trusts the server's certificate only
   * @param patience how long to go on without an answer before the link counts as ended
   * @param receiver gets the server's commands
   */
  public DriverDialer(
      String driver,
      String secret,
      InetSocketAddress server,
      SSLContext context,
      Duration patience,
      DriverConnection.Receiver<DriverCommand> receiver) {
    this.driver = driver;
    this.secret = secret;
    this.server = server;
    this.tls = LinkTransport.tls(context, true);
    this.patience = patience;
    this.connection = new ReliableConnection<>(DriverCommand.class, receiver, reason -> {});
    loop.execute(this::dial);
  }

  /** Returns the link; it can be used at once. */
  public DriverConnection<DriverEvent> connection() {
    return connection;
  }

  /** Ends the link and its thread; sends first what is waiting, for two seconds at most. */
  @Override
  public void close() {
    connection.close();
    loop.shutdownGracefully(100, 2000, TimeUnit.MILLISECONDS).awaitUninterruptibly(3000);
  }

  private void dial() {
    if (connection.isClosed()) {
      return;
    }
    new Bootstrap()
        .group(loop)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 10_000)
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                FrameCodec codec = new FrameCodec();
                LinkTransport.fill(channel.pipeline(), tls.newHandler(channel.alloc()), codec);
                channel.pipeline().addLast(new ClientHandler(codec));
              }
            })
        // Resolved anew each time: a server may come back at another address.
        .connect(InetSocketAddress.createUnresolved(server.getHostString(), server.getPort()))
        .addListener(
            (ChannelFuture connecting) -> {
              if (!connecting.isSuccess()) {
                dialAgainLater(connecting.cause().getMessage());
              }
            });
  }

  private void dialAgainLater(String why) {
    long silentNanos = System.nanoTime() - silentSince;
    if (silentNanos >= patience.toNanos()) {
      connection.fail("the server did not answer for " + patience.toSeconds() + " s");
      return;
    }
    log.info("no link to the server ({}); dialling again in {} ms", why, pause.toMillis());
    long nanosLeft = patience.toNanos() - silentNanos;
    loop.schedule(this::dial, Math.min(pause.toNanos(), nanosLeft), TimeUnit.NANOSECONDS);
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }

  private final class ClientHandler extends LinkHandler {

    private boolean welcome;

    ClientHandler(FrameCodec codec) {
      super(codec);
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      context.writeAndFlush(
          new LinkFrame.Hello(driver, secret, connection.lastReceived()), context.voidPromise());
      context.fireChannelActive();
    }

    @Override
    void greet(ChannelHandlerContext context, LinkFrame first) {
      if (first instanceof LinkFrame.Welcome answer) {
        welcome = true;
        secret = answer.nextSecret();
        pause = FIRST_PAUSE;
        context.writeAndFlush(new LinkFrame.Heartbeat(), context.voidPromise());
        greeted(context, connection, answer.lastReceived());
      } else {
        connection.fail("the server does not know this driver");
        context.close();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      super.channelInactive(context);
      if (!welcome) {
        dialAgainLater("it hung up before greeting");
      }
    }

    @Override
    void lost(ReliableConnection<?, ?> ended, LinkTransport transport) {
      silentSince = System.nanoTime();
      dialAgainLater("the link was cut");
    }
  }
}
