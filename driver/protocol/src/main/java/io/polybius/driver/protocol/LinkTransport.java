package io.polybius.driver.protocol;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/** A Netty channel as a {@link ReliableConnection.Transport}, and what both ends put into one. */
record LinkTransport(Channel channel) implements ReliableConnection.Transport {

  /** An end that has nothing to say sends a heartbeat this often. */
  static final Duration HEARTBEAT = Duration.ofSeconds(5);

  /** A transport over which nothing came for this long is given up. */
  static final Duration SILENCE = Duration.ofSeconds(20);

  private static final String[] PROTOCOLS = {"TLSv1.3"};

  @Override
  public void write(LinkFrame frame) {
    channel.writeAndFlush(frame, channel.voidPromise());
  }

  @Override
  public void close() {
    channel
        .writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER)
        .addListener(ChannelFutureListener.CLOSE);
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
