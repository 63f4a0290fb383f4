package io.polybius.client;

import io.polybius.job.SerializedBounds;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.util.Optional;

/**
 * What one result may be made of: what the user and the JVM allow, and never more than its bytes
 * can fill.
 */
final class ResultFilter implements ObjectInputFilter {

  private final SerializedBounds bounds;
  private final ObjectInputFilter allowed;
  private ObjectInputFilter ofJvm;
  private String refusal;

  /**
   * @param allowed by the user; null for all
   */
  ResultFilter(long resultBytes, ObjectInputFilter allowed) {
    this.bounds = new SerializedBounds(resultBytes);
    this.allowed = allowed;
  }

  /** Puts itself before a stream. The filter that the JVM was given for all streams stays. */
  void guard(ObjectInputStream in) {
    ofJvm = in.getObjectInputFilter();
    in.setObjectInputFilter(this);
  }

  /** Returns what was refused, and why; null if nothing was. */
  String refusal() {
    return refusal;
  }

  @Override
  public Status checkInput(FilterInfo info) {
    Optional<String> tooMuch = bounds.refusal(info);
    if (tooMuch.isPresent()) {
      refusal = tooMuch.get();
    } else if (isRefusedBy(ofJvm, info)) {
      refusal = "the JVM's filter does not allow " + nameOf(info) + ".";
    } else if (isRefusedBy(allowed, info)) {
      refusal =
          "resultFilter does not allow "
              + nameOf(info)
              + ". If you trust who has sent the job, allow it.";
    }
    return refusal == null ? Status.UNDECIDED : Status.REJECTED;
  }

  private static boolean isRefusedBy(ObjectInputFilter filter, FilterInfo info) {
    return filter != null && filter.checkInput(info) == Status.REJECTED;
  }

  private static String nameOf(FilterInfo info) {
    return info.serialClass() == null ? "its size" : info.serialClass().getName();
  }
}
