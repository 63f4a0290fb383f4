package io.polybius.session;

import io.polybius.driver.protocol.DriverCommand;
import io.polybius.driver.protocol.DriverEvent;
import io.polybius.driver.protocol.ResultFailure;
import io.polybius.driver.protocol.ResultFormat;
import io.polybius.driver.protocol.ResultSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The downloads of a session's results that are under way. Their pieces go from the driver to the
 * clients, and are kept nowhere. Used in the session's tasks only, but for {@link #areUnderWay}.
 */
final class Downloads {

  private final Tasks tasks;
  private final Drivers drivers;
  private final Map<Integer, ResultDownload> underWay = new HashMap<>();
  private volatile boolean any;

  Downloads(Tasks tasks, Drivers drivers) {
    this.tasks = tasks;
    this.drivers = drivers;
  }

  /** Returns whether any client is downloading. */
  boolean areUnderWay() {
    return any;
  }

  /**
   * Has the driver send a table.
   *
   * @param number of the download; none before it, of this driver, had the same
   */
  ResultDownload begin(int number, ResultSource source, ResultFormat format) {
    ResultDownload download =
        new ResultDownload(
            parts -> tellIfUnderWay(number, new DriverCommand.SendMoreResult(number, parts), false),
            () -> tellIfUnderWay(number, new DriverCommand.StopResult(number), true));
    underWay.put(number, download);
    any = true;
    drivers.tell(new DriverCommand.SendResult(number, source, format, ResultDownload.PARTS_AHEAD));
    return download;
  }

  private void tellIfUnderWay(int number, DriverCommand command, boolean last) {
    tasks.run(
        () -> {
          if (underWay.containsKey(number)) {
            drivers.tell(command);
            if (last) {
              remove(number);
            }
          }
        });
  }

  /** The driver says something about a download. */
  void heard(DriverEvent.OfResult event) {
    int number = event.downloadId();
    Optional<ResultDownload> download = Optional.ofNullable(underWay.get(number));
    if (event instanceof DriverEvent.ResultPart part) {
      download.ifPresentOrElse(
          wanted -> wanted.add(part.bytes()),
          // Perhaps an earlier server wanted it.
          () -> drivers.tell(new DriverCommand.StopResult(number)));
    } else if (event instanceof DriverEvent.ResultEnded) {
      remove(number);
      download.ifPresent(ResultDownload::end);
    } else if (event instanceof DriverEvent.ResultFailed failed) {
      remove(number);
      download.ifPresent(
          wanted -> wanted.fail(new SessionException(codeOf(failed.failure()), failed.message())));
    }
  }

  private static ErrorCode codeOf(ResultFailure failure) {
    return switch (failure) {
      case NO_RESULT -> ErrorCode.NO_RESULT;
      case NOT_SHARED -> ErrorCode.NOT_SHARED;
      case FORGOTTEN -> ErrorCode.RESULT_GONE;
      case BUSY -> ErrorCode.TOO_MANY_WAITING;
      case FAILED -> ErrorCode.RESULT_FAILED;
    };
  }

  private void remove(int number) {
    underWay.remove(number);
    any = !underWay.isEmpty();
  }

  /** Ends all of them, whose driver is about to end. */
  void endAll(String why) {
    List<ResultDownload> all = List.copyOf(underWay.values());
    underWay.clear();
    any = false;
    all.forEach(download -> download.fail(new SessionException(ErrorCode.RESULT_GONE, why)));
  }
}
