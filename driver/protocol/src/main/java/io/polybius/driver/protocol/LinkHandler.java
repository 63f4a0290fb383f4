package io.polybius.driver.protocol;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.timeout.IdleState;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One transport of a link: greets, then passes frames to the {@link ReliableConnection} until the
 * transport ends. All calls come on the channel's event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Failures come to exceptionCaught.
abstract class LinkHandler extends SimpleChannelInboundHandler<LinkFrame> {

  private static final Logger log = LoggerFactory.getLogger(LinkHandler.class);

  private final FrameCodec codec;
  private ReliableConnection<?, ?> connection;
  private LinkTransport transport;
  private boolean hungUp;
  private boolean confirmed;

  LinkHandler(FrameCodec codec) {
    this.codec = codec;
  }

  /**
   * Takes the first frame that comes; calls {@link #greeted} if all is well, else {@link #hangUp}.
   */
  abstract void greet(ChannelHandlerContext context, LinkFrame first);

  /** The transport has ended after it was greeted and was still the current one. */
  abstract void lost(ReliableConnection<?, ?> connection, LinkTransport transport);

  /** Sends what is left to say, or nothing, and hangs up; nothing that still comes is looked at. */
  final void hangUp(ChannelHandlerContext context, Object lastWord) {
    hungUp = true;
    context.writeAndFlush(lastWord).addListener(ChannelFutureListener.CLOSE);
  }

  /** The transport is this connection's from now on. */
  final void greeted(
      ChannelHandlerContext context, ReliableConnection<?, ?> owner, long peerLastReceived) {
    codec.trustPeer();
    connection = owner;
    transport = new LinkTransport(context.channel());
    owner.attach(transport, peerLastReceived);
  }

  @Override
  protected final void channelRead0(ChannelHandlerContext context, LinkFrame frame) {
    if (hungUp) {
      return;
    }
    if (connection == null) {
      greet(context, frame);
    } else {
      if (!confirmed) {
        confirmed = true;
        confirmed();
      }
      connection.receive(frame, transport);
    }
  }

  /** The first frame after the greeting has come, so the other end has had this end's greeting. */
  void confirmed() {}

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (connection != null) {
      connection.acknowledge();
    }
    context.fireChannelReadComplete();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (connection != null && connection.detach(transport)) {
      lost(connection, transport);
    }
    context.fireChannelInactive();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof IdleStateEvent idle) {
      if (idle.state() == IdleState.READER_IDLE) {
        log.info("nothing came over a driver link for {}; giving it up", LinkTransport.SILENCE);
        context.close();
      } else if (connection != null) {
        context.writeAndFlush(new LinkFrame.Heartbeat(), context.voidPromise());
      }
    }
    context.fireUserEventTriggered(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof DecoderException && cause.getCause() instanceof WireException wrong) {
      if (connection != null) {
        connection.abort(wrong.getMessage(), transport);
        return;
      }
      hungUp = true;
    }
    if (cause instanceof IOException) {
      log.info("a driver link broke: {}", cause.toString());
    } else {
      log.warn("a driver link broke: {}", cause.toString());
    }
    context.close();
  }
}
