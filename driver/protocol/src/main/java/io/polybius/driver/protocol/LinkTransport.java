package io.polybius.driver.protocol;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;

/**
 * A Netty channel as a {@link ReliableConnection.Transport}, and what both ends put into one.
 *
 * <p>Frames go through a queue even when they are written on the channel's own event loop: Netty
 * writes those at once, so they would overtake frames from other threads. All frames that are
 * waiting when the loop comes round are flushed together.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Failures come to the channel's handlers.
final class LinkTransport implements ReliableConnection.Transport {

  /** An end that has nothing to say sends a heartbeat this often. */
  static final Duration HEARTBEAT = Duration.ofSeconds(5);

  /** A transport over which nothing came for this long is given up. */
  static final Duration SILENCE = Duration.ofSeconds(20);

  /** How long the other end may take to hang up after a goodbye. */
  static final Duration PARTING = Duration.ofSeconds(2);

  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private final Channel channel;
  private final Queue<LinkFrame> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean flushIsDue = new AtomicBoolean();

  LinkTransport(Channel channel) {
    this.channel = channel;
  }

  /** Returns the channel below. */
  Channel channel() {
    return channel;
  }

  @Override
  public void write(LinkFrame frame) {
    waiting.add(frame);
    if (flushIsDue.compareAndSet(false, true)) {
      onLoop(this::flush);
    }
  }

  private void flush() {
    flushIsDue.set(false);
    for (LinkFrame next = waiting.poll(); next != null; next = waiting.poll()) {
      channel.write(next, channel.voidPromise());
    }
    channel.flush();
  }

  @Override
  public void part() {
    onLoop(
        () -> {
          flush();
          var overdue =
              channel.eventLoop().schedule(this::close, PARTING.toMillis(), TimeUnit.MILLISECONDS);
          channel.closeFuture().addListener(closed -> overdue.cancel(false));
        });
  }

  @Override
  public void close() {
    onLoop(
        () -> {
          flush();
          channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        });
  }

  private void onLoop(Runnable task) {
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      // The loop has ended and has closed the channel.
      waiting.clear();
    }
  }

  /** Returns TLS 1.3 in which both ends show a certificate. */
  static JdkSslContext tls(SSLContext context, boolean client) {
    return new JdkSslContext(
        context,
        client,
        null,
        IdentityCipherSuiteFilter.INSTANCE,
        null,
        ClientAuth.REQUIRE,
        PROTOCOLS,
        false);
  }

  /** Puts TLS, framing and the watch over silence into a new channel. */
  static void fill(ChannelPipeline pipeline, SslHandler tls, FrameCodec codec) {
    tls.setHandshakeTimeoutMillis(10_000);
    pipeline.addLast(tls);
    pipeline.addLast(
        new IdleStateHandler(SILENCE.toMillis(), HEARTBEAT.toMillis(), 0, TimeUnit.MILLISECONDS));
    pipeline.addLast(codec);
  }
}
