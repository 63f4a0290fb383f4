package io.polybius.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.polybius.session.Job;
import io.polybius.session.JobReport;
import io.polybius.session.Kind;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The routes of a session's compiled jobs, which the driver opens and nobody before it. */
final class JobsApi {

  private final SessionService sessions;
  private final LongPoll longPoll;
  private final LastingRequests lasting;
  private final Duration heartbeat;

  /**
   * @param lasting where answers with large results are noted
   * @param heartbeat how often it is looked whether a client still takes something
   */
  JobsApi(SessionService sessions, LongPoll longPoll, LastingRequests lasting, Duration heartbeat) {
    this.sessions = sessions;
    this.longPoll = longPoll;
    this.lasting = lasting;
    this.heartbeat = heartbeat;
  }

  /**
   * A job to run, as Livy's clients send it.
   *
   * @param job in base64
   * @param jobType its language; the oldest clients do not say it
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared, and too large to be copied.
  record NewJobJson(byte[] job, String jobType) {}

  record JobList(@JsonProperty("total_jobs") int total, List<JobJson> jobs) {}

  /** Takes a job; both of Livy's routes for that come here, because no job waits for another. */
  CompletionStage<Answer> submit(Request request) {
    NewJobJson asked = request.body().as(NewJobJson.class);
    if (asked.job() == null || asked.job().length == 0) {
      throw RejectedRequestException.bad("requirement failed: no job provided.");
    }
    SessionSnapshot session = sessions.session(request.session());
    return sessions
        .submitJob(String.valueOf(session.id()), kind(asked.jobType(), session), asked.job())
        .thenApply(
            sent ->
                Answer.created(
                    "/sessions/" + session.id() + "/jobs/" + sent.id(), JobStatusJson.of(sent)));
  }

  private static Kind kind(String asked, SessionSnapshot session) {
    if (asked != null) {
      return Kinds.parse(asked);
    }
    return session.settings().kind().equals(Kind.PYSPARK) ? Kind.PYSPARK : Kind.SPARK;
  }

  Answer list(Request request) {
    int from = request.number("from", 0);
    int size = request.number("size", Integer.MAX_VALUE);
    List<Job> all = new ArrayList<>(sessions.session(request.session()).jobs());
    if (request.text("order").orElse("asc").equalsIgnoreCase("desc")) {
      Collections.reverse(all);
    }
    return Answer.ok(
        new JobList(all.size(), Page.of(all, from, size).stream().map(JobJson::of).toList()));
  }

  /** Answers a job as it is, or when it has ended, if the client wants to wait for that. */
  CompletionStage<Answer> get(Request request) {
    Optional<Duration> patience = request.time(LongPoll.WAIT);
    CompletionStage<JobReport> report =
        patience.isPresent()
            ? longPoll.hold(
                patience.get(), time -> sessions.awaitJob(request.session(), request.job(), time))
            : sessions.findJob(request.session(), request.job());
    return report.thenApply(this::answer);
  }

  private Answer answer(JobReport report) {
    return report
        .result()
        .filter(result -> result.length >= JobStream.LARGE)
        .map(result -> Answer.job(new Answer.JobContent(report.job(), result, heartbeat, lasting)))
        .orElseGet(() -> Answer.ok(JobStatusJson.of(report)));
  }

  CompletionStage<Answer> cancel(Request request) {
    return sessions.cancelJob(request.session(), request.job()).thenApply(done -> Answer.empty());
  }
}
