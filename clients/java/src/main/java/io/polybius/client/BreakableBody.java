package io.polybius.client;

import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * The body of an answer, of which no more is read once it is broken off. From JDK 16 on, to cancel
 * what {@code sendAsync} has returned does that too; on an older one it does nothing.
 */
final class BreakableBody<T> implements BodyHandler<T> {

  private final BodyHandler<T> handler;
  private volatile Flow.Subscription subscription;
  private volatile boolean broken;

  BreakableBody(BodyHandler<T> handler) {
    this.handler = handler;
  }

  /** Reads no more, also of a body that has not begun yet. */
  void breakOff() {
    broken = true;
    Flow.Subscription known = subscription;
    if (known != null) {
      known.cancel();
    }
  }

  @Override
  public BodySubscriber<T> apply(ResponseInfo head) {
    BodySubscriber<T> body = handler.apply(head);
    return new BodySubscriber<>() {
      @Override
      public CompletionStage<T> getBody() {
        return body.getBody();
      }

      @Override
      public void onSubscribe(Flow.Subscription parts) {
        subscription = parts;
        body.onSubscribe(parts);
        if (broken) {
          parts.cancel();
        }
      }

      @Override
      public void onNext(List<ByteBuffer> part) {
        body.onNext(part);
      }

      @Override
      public void onError(Throwable error) {
        body.onError(error);
      }

      @Override
      public void onComplete() {
        body.onComplete();
      }
    };
  }
}
