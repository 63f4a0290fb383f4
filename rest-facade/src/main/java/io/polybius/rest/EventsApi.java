package io.polybius.rest;

import io.polybius.session.SessionException;
import io.polybius.session.SessionListener;
import io.polybius.session.SessionService;
import io.polybius.session.Subscription;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** The routes on which clients follow what happens. */
final class EventsApi {

  private final SessionService sessions;
  private final EventFormat format;
  private final LastingRequests lasting;
  private final Duration heartbeat;

  /**
   * @param sessions what can be followed
   * @param format how it is written
   * @param lasting where open streams are noted
   * @param heartbeat how often clients are told that a stream is alive when nothing happens
   */
  EventsApi(
      SessionService sessions, EventFormat format, LastingRequests lasting, Duration heartbeat) {
    this.sessions = sessions;
    this.format = format;
    this.lasting = lasting;
    this.heartbeat = heartbeat;
  }

  CompletionStage<Answer> ofSession(Request request) {
    return follow(request, new EventSubject.WholeSession());
  }

  CompletionStage<Answer> ofStatement(Request request) {
    int id = sessions.statement(request.session(), request.statement()).id();
    return follow(request, new EventSubject.OneStatement(id));
  }

  CompletionStage<Answer> ofJob(Request request) {
    int id = sessions.job(request.session(), request.job()).id();
    return follow(request, new EventSubject.OneJob(id));
  }

  private CompletionStage<Answer> follow(Request request, EventSubject subject) {
    String session = String.valueOf(sessions.session(request.session()).id());
    EventFeed feed = new EventFeed(new Followed(sessions, session), subject, request.lastEventId());
    return feed.open()
        .thenApply(
            opened ->
                feed.isOver()
                    ? Answer.noContent()
                    : Answer.events(new Answer.EventsContent(feed, format, heartbeat, lasting)));
  }

  private record Followed(SessionService sessions, String id) implements EventFeed.Source {

    @Override
    public Subscription follow(long afterSequence, SessionListener listener) {
      return sessions.subscribe(id, afterSequence, listener);
    }

    @Override
    public void showPresence() {
      try {
        sessions.session(id);
      } catch (SessionException gone) {
        // The feed learns it by itself.
      }
    }
  }
}
