package io.polybius.driver.protocol;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
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
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A driver's end of the link: dials the server, dials again whenever the transport is lost, and
 * gives up when the server has not answered for the configured time. A server with several
 * addresses is dialled at one after the other, and from then on first at that where it answered.
 *
 * <p>All dialling happens on one event loop thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Failures come to the channels' handlers.
public final class DriverDialer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DriverDialer.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** One of several addresses may lead nowhere, and the next one must have its turn soon. */
  private static final int CONNECT_MILLIS = 5_000;

  private final EventLoopGroup loop =
      new NioEventLoopGroup(1, new DefaultThreadFactory("server-link", true));
  private final String driver;
  private final List<InetSocketAddress> servers;
  private final JdkSslContext tls;
  private final Duration patience;
  private final ReliableConnection<DriverEvent, DriverCommand> connection;

  // Used on the loop only, once dialling has begun.
  private String secret;
  private Duration pause = FIRST_PAUSE;
  private int next;
  private int failuresInRow;

  private volatile Channel current;

  /**
   * Starts to dial.
   *
   * @param driver the name in this driver's certificate
   * @param secret the one-time secret for the first hello
   * @param servers where the server may be found listening for drivers, at least one
   * @param context has this driver's key, and trusts the server's certificate only
   * @param patience how long to go on without an answer before the link counts as ended
   * @param receiver gets the server's commands
   */
  public DriverDialer(
      String driver,
      String secret,
      List<InetSocketAddress> servers,
      SSLContext context,
      Duration patience,
      DriverConnection.Receiver<DriverCommand> receiver) {
    this.driver = driver;
    this.secret = secret;
    this.servers = List.copyOf(servers);
    this.tls = LinkTransport.tls(context, true);
    this.patience = patience;
    this.connection = new ReliableConnection<>(DriverCommand.class, receiver, reason -> {});
    loop.execute(
        () -> {
          giveUpLater(null);
          dial();
        });
  }

  /** Returns the link; it can be used at once. */
  public DriverConnection<DriverEvent> connection() {
    return connection;
  }

  /**
   * Ends the link and its thread. Sends first what is waiting, if there is a transport, which takes
   * a few seconds at most; on the link's own thread, does not wait for that.
   */
  @Override
  public void close() {
    connection.close();
    Channel last = current;
    if (loop.next().inEventLoop()) {
      if (last == null) {
        endLoop();
      } else {
        last.closeFuture().addListener(closed -> endLoop());
      }
      return;
    }
    if (last != null) {
      last.closeFuture().awaitUninterruptibly(LinkTransport.PARTING.toMillis() + 500);
    }
    endLoop().awaitUninterruptibly(3000);
  }

  private Future<?> endLoop() {
    return loop.shutdownGracefully(0, 2000, TimeUnit.MILLISECONDS);
  }

  private void dial() {
    if (connection.isClosed()) {
      return;
    }
    InetSocketAddress server = servers.get(next);
    new Bootstrap()
        .group(loop)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
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
                dialAgain(connecting.cause().getMessage());
              }
            });
  }

  /** Dials the next address, after a pause if all have been tried. */
  private void dialAgain(String why) {
    next = (next + 1) % servers.size();
    failuresInRow++;
    if (failuresInRow % servers.size() == 0) {
      dialAgainLater(why);
    } else {
      log.info("no link to the server ({}); dialling its next address", why);
      dial();
    }
  }

  private void dialAgainLater(String why) {
    if (connection.isClosed()) {
      return;
    }
    log.info("no link to the server ({}); dialling again in {} ms", why, pause.toMillis());
    loop.schedule(this::dial, pause.toNanos(), TimeUnit.NANOSECONDS);
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }

  /** Ends the link after this end's patience, unless the server has answered by then. */
  private void giveUpLater(LinkTransport ended) {
    loop.schedule(
        () ->
            connection.failUnlessReattached(
                ended, "the server did not answer for " + patience.toSeconds() + " s"),
        patience.toMillis(),
        TimeUnit.MILLISECONDS);
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
        failuresInRow = 0;
        context.writeAndFlush(new LinkFrame.Heartbeat(), context.voidPromise());
        current = context.channel();
        greeted(context, connection, answer.lastReceived());
      } else {
        connection.fail("the server does not know this driver");
        hangUp(context, Unpooled.EMPTY_BUFFER);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      super.channelInactive(context);
      if (!welcome) {
        dialAgain("it hung up before greeting");
      }
    }

    @Override
    void lost(ReliableConnection<?, ?> ended, LinkTransport transport) {
      giveUpLater(transport);
      dialAgainLater("the link was cut");
    }
  }
}
