package io.polybius.launch;

import io.polybius.driver.protocol.StreamName;
import io.polybius.launch.cluster.ClusterManager;
import io.polybius.session.ClusterApplication;
import io.polybius.session.ProcessLog;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The applications that this server has submitted to one cluster. One thread asks about each of
 * them in turn, often as long as one starts or is to end, and goes on asking about those that were
 * given up, so that none is left in the cluster that appears late.
 */
final class WatchedApplications implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(WatchedApplications.class);

  private static final Pattern TIME = Pattern.compile("^\\[[^]]*\\d{4}\\]\\s*");

  private static final Duration ROUND = Duration.ofMillis(500);

  /** While somebody waits for a change, an application is asked about this often. */
  private static final Duration SHORT_INTERVAL = Duration.ofSeconds(1);

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String TAG_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int TAG_RANDOM_LETTERS = 8;

  private static final String LOOKUP_TIMEOUT = "livy.server.yarn.app-lookup-timeout";

  /** Who ends an application waits no longer for the cluster to do it. */
  private static final Duration KILL_PATIENCE = Duration.ofSeconds(30);

  /** How long is waited for what is still to be had of an application that has ended. */
  private static final Duration AFTER_END = Duration.ofSeconds(8);

  private static final Duration SOON = Duration.ofMinutes(1);

  /** So much of what a driver has printed is kept, if its cluster can tell. */
  private static final int LAST_LINES = 1000;

  /** How long the end of the server may be held up by killing what is left. */
  private static final long CLOSE_SECONDS = 15;

  private final String name;
  private final ClusterManager cluster;
  private final ClusterSettings settings;
  private final Set<Watched> watched = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "cluster-watch");
            made.setDaemon(true);
            return made;
          });

  /**
   * @param name the cluster's name in logs, such as {@code YARN}
   * @param cluster closed by this object
   */
  WatchedApplications(String name, ClusterManager cluster, ClusterSettings settings) {
    this.name = name;
    this.cluster = cluster;
    this.settings = settings;
    thread.scheduleWithFixedDelay(
        this::round, ROUND.toMillis(), ROUND.toMillis(), TimeUnit.MILLISECONDS);
  }

  ClusterManager cluster() {
    return cluster;
  }

  /** Returns a tag that no other application has, for the session or batch of a name. */
  String newTag(String ofName) {
    return RANDOM
        .ints(TAG_RANDOM_LETTERS, 0, TAG_LETTERS.length())
        .mapToObj(index -> TAG_LETTERS.substring(index, index + 1))
        .collect(Collectors.joining("", "livy-" + ofName + "-", ""));
  }

  /**
   * Begins to watch an application that is about to be submitted.
   *
   * @param tag given to it when it is submitted
   * @param log gets what the cluster says
   */
  Watched watch(String tag, ProcessLog log) {
    log.diagnose(name, "");
    Watched application = new Watched(tag, log);
    watched.add(application);
    return application;
  }

  private void round() {
    watched.forEach(Watched::expire);
    for (Watched application : watched) {
      try {
        if (application.isDue()) {
          application.look();
        }
      } catch (IOException e) {
        logger.warn("{} does not answer: {}", name, e.toString());
        // The others would get no answer either, and each would wait for it.
        watched.forEach(each -> each.unanswered(e));
        return;
      } catch (RuntimeException | Error e) {
        // Whatever Hadoop's libraries do, the others are still asked about.
        logger.error("{} could not be asked about an application", name, e);
      }
    }
  }

  /** Ends the applications that are to end, and asks about none any more. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try {
      for (Watched application : watched) {
        application.lastTry();
      }
    } catch (IOException | RuntimeException e) {
      logger.warn("applications of {} may go on: {}", name, e.toString());
    }
    cluster.close();
  }

  /**
   * What became of an application in the end.
   *
   * @param application what the cluster said last, if it ever knew it
   * @param killedByUs whether the cluster was asked to end it
   * @param how a few words for the log
   */
  record End(Optional<ClusterApplication> application, boolean killedByUs, String how) {}

  /** One application. Safe for use by many threads. */
  final class Watched {

    private final String tag;
    private final ProcessLog log;
    private final CompletableFuture<End> ended = new CompletableFuture<>();
    private final CopyOnWriteArrayList<Consumer<ClusterApplication>> listeners =
        new CopyOnWriteArrayList<>();

    // Guarded by this:
    private Optional<ClusterApplication> known = Optional.empty();
    private Optional<String> failure = Optional.empty();
    private boolean killed;
    private boolean mayComeLate;
    private boolean killSent;
    private boolean driverInCluster;
    private boolean lastWordsKept;
    private long killedNanos;
    private boolean silent;
    private long givenUpNanos;
    private long changedNanos = System.nanoTime();
    private long lookedNanos = System.nanoTime();

    private Watched(String tag, ProcessLog log) {
      this.tag = tag;
      this.log = log;
    }

    String tag() {
      return tag;
    }

    /**
     * Completes when it has ended or was given up; not when this server ends, which may leave it to
     * a later one. Never completes with an exception.
     */
    CompletableFuture<End> ended() {
      return ended;
    }

    /** Returns what was heard of it last. */
    synchronized Optional<ClusterApplication> known() {
      return known;
    }

    /** Has a listener told what is known of it, and then each change. */
    void follow(Consumer<ClusterApplication> listener) {
      synchronized (this) {
        listeners.add(listener);
        known.ifPresent(listener);
      }
    }

    /** Has it looked for at the next opportunity, because something has happened. */
    synchronized void hurry() {
      lookedNanos = System.nanoTime() - settings.pollInterval().toNanos();
    }

    /** Lets it appear whenever its program likes. */
    synchronized void mayComeLate() {
      mayComeLate = true;
    }

    /** Its driver prints there, and not here. */
    synchronized void hasDriverInCluster() {
      driverInCluster = true;
    }

    /** Ends it, as soon as it is there; if it never was, it will be looked for some time more. */
    void kill() {
      synchronized (this) {
        if (!killed) {
          killed = true;
          killedNanos = System.nanoTime();
        }
      }
      hurry();
    }

    /** What submits it has failed; if it is not there by now, it will not come. */
    void submissionFailed(String how) {
      synchronized (this) {
        failure = Optional.of(how);
      }
      hurry();
    }

    private synchronized boolean isDue() {
      return System.nanoTime() - lookedNanos >= interval().toNanos();
    }

    private Duration interval() {
      if (ended.isDone()) {
        // Most of those that come late come soon.
        return System.nanoTime() - givenUpNanos < SOON.toNanos()
            ? settings.pollInterval()
            : settings.leakInterval();
      }
      boolean runs =
          known.filter(app -> app.state() == ClusterApplication.State.RUNNING).isPresent();
      return runs && !killed ? settings.pollInterval() : SHORT_INTERVAL;
    }

    /** Asks the cluster about it. */
    private void look() throws IOException {
      boolean isKilled;
      Optional<ClusterApplication> before;
      synchronized (this) {
        lookedNanos = System.nanoTime();
        isKilled = killed;
        before = known;
      }
      Optional<ClusterApplication> now =
          before.isPresent() ? cluster.application(before.get().id()) : cluster.find(tag);
      synchronized (this) {
        if (silent) {
          silent = false;
          log.diagnose(name, name + " answers again.");
        }
      }
      if (now.isPresent()) {
        heard(before, now.get());
        if ((isKilled || ended.isDone()) && !now.get().state().isFinal()) {
          synchronized (this) {
            killSent = true;
          }
          if (!cluster.keepsOutput()) {
            keepLastWords(now.get());
          }
          cluster.kill(now.get().id());
          hurryUnlessLeft();
        }
        if (now.get().state().isFinal()) {
          finished(now.get());
        }
      } else if (before.isPresent()) {
        finished(gone(before.get()));
      } else {
        missing();
      }
    }

    private void hurryUnlessLeft() {
      if (!ended.isDone()) {
        hurry();
      }
    }

    private ClusterApplication gone(ClusterApplication before) {
      ClusterApplication last =
          new ClusterApplication(
              before.id(),
              ClusterApplication.State.KILLED,
              before.queue(),
              before.trackingUrl(),
              before.driverLogUrl(),
              name + " does not know it any more.");
      heard(Optional.of(before), last);
      return last;
    }

    private void heard(Optional<ClusterApplication> before, ClusterApplication now) {
      if (before.filter(now::equals).isPresent()) {
        return;
      }
      boolean isNewState = before.filter(earlier -> earlier.state() == now.state()).isEmpty();
      if (isNewState) {
        log.diagnose(
            name,
            now.id()
                + " is "
                + now.state()
                + now.queue().map(queue -> " in queue " + queue).orElse("")
                + ".");
      }
      if (before.filter(earlier -> isSaid(earlier.diagnostics(), now.diagnostics())).isEmpty()) {
        log.diagnose(name, now.diagnostics());
      }
      List<Consumer<ClusterApplication>> all;
      synchronized (this) {
        if (isNewState) {
          changedNanos = System.nanoTime();
        }
        known = Optional.of(now);
        all = List.copyOf(listeners);
      }
      // Outside the lock: whoever ends an application must not wait for what these do.
      all.forEach(listener -> listener.accept(now));
    }

    /** YARN writes the time before what it says again and again. */
    private static boolean isSaid(String before, String now) {
      return TIME.matcher(before).replaceFirst("").equals(TIME.matcher(now).replaceFirst(""));
    }

    /** What the driver has printed is gone with it, or soon after. */
    private void keepLastWords(ClusterApplication of) {
      synchronized (this) {
        if (!driverInCluster || lastWordsKept) {
          return;
        }
        lastWordsKept = true;
      }
      StreamName stream =
          of.state() == ClusterApplication.State.FAILED ? StreamName.STDERR : StreamName.STDOUT;
      try {
        cluster.newestLines(of.id(), LAST_LINES).forEach(line -> log.append(stream, line));
      } catch (IOException e) {
        log.diagnose(name, "What the driver has printed cannot be had: " + e.getMessage());
      }
    }

    private void finished(ClusterApplication last) {
      watched.remove(this);
      // Not on the thread that watches all others: a machine of the cluster may be slow to answer.
      CompletableFuture.runAsync(
              () -> {
                if (!cluster.keepsOutput() || last.state() == ClusterApplication.State.FAILED) {
                  keepLastWords(last);
                }
                if (last.state() != ClusterApplication.State.SUCCEEDED) {
                  removeFiles(last.id());
                }
              })
          .orTimeout(AFTER_END.toMillis(), TimeUnit.MILLISECONDS)
          .whenComplete((done, failure) -> ended.complete(endOf(last)));
    }

    private End endOf(ClusterApplication last) {
      String first = last.diagnostics().strip().lines().findFirst().orElse("");
      boolean byUs;
      synchronized (this) {
        byUs = killSent;
      }
      return new End(
          Optional.of(last),
          byUs,
          "application "
              + last.id()
              + " is "
              + last.state()
              + (first.isEmpty() ? "" : ": " + first));
    }

    private void removeFiles(String id) {
      try {
        cluster.removeFiles(id);
      } catch (IOException e) {
        logger.warn("files of {} may stay in {}: {}", id, name, e.toString());
      }
    }

    private void missing() {
      boolean isKilled;
      Optional<String> whyNot;
      synchronized (this) {
        if (ended.isDone()) {
          if (System.nanoTime() - givenUpNanos > settings.leakTimeout().toNanos()) {
            watched.remove(this);
          }
          return;
        }
        isKilled = killed;
        whyNot = failure;
      }
      if (isKilled) {
        giveUp("It was ended before it appeared in " + name + ".");
      } else if (whyNot.isPresent()) {
        giveUp(whyNot.get());
      }
    }

    /** Gives up what has taken too long, whether the cluster answers or not. */
    private void expire() {
      String seconds = settings.lookupTimeout().toSeconds() + " s (" + LOOKUP_TIMEOUT + ")";
      Optional<String> why = Optional.empty();
      synchronized (this) {
        long now = System.nanoTime();
        if (ended.isDone()) {
          return;
        }
        if (killed && now - killedNanos > KILL_PATIENCE.toNanos()) {
          why = Optional.of(name + " has not ended it within " + KILL_PATIENCE.toSeconds() + " s.");
        } else if (now - changedNanos <= settings.lookupTimeout().toNanos()) {
          return;
        } else if (known.isEmpty() && !mayComeLate) {
          why = Optional.of("No application appeared within " + seconds + ".");
        } else if (known
            .filter(app -> app.state() == ClusterApplication.State.SUBMITTED)
            .isPresent()) {
          why = Optional.of(name + " did not accept it within " + seconds + ".");
        }
      }
      why.ifPresent(this::giveUp);
    }

    /** Waits for it no longer; if it appears all the same, it is ended. */
    private void giveUp(String why) {
      kill();
      boolean byUs;
      Optional<ClusterApplication> last;
      synchronized (this) {
        givenUpNanos = System.nanoTime();
        byUs = killSent;
        last = known;
      }
      ended.complete(new End(last, byUs, why));
    }

    private void unanswered(IOException failure) {
      synchronized (this) {
        if (silent) {
          return;
        }
        silent = true;
      }
      log.diagnose(name, name + " does not answer: " + failure.getMessage());
    }

    /** The server ends: what is to end is killed now or never. */
    private void lastTry() throws IOException {
      synchronized (this) {
        if (!killed) {
          return;
        }
      }
      Optional<ClusterApplication> left = known().isPresent() ? known() : cluster.find(tag);
      if (left.filter(application -> !application.state().isFinal()).isPresent()) {
        cluster.kill(left.get().id());
      }
      ended.complete(new End(left, true, "it was ended with the server"));
    }
  }
}
