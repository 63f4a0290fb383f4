package io.polybius.client;

import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.util.Map;

/**
 * What one result may be made of: what the user and the JVM allow, and never more than its bytes
 * can fill.
 */
final class ResultFilter implements ObjectInputFilter {

  /** Deeper ones would overflow the stack. */
  private static final int MAX_DEPTH = 3000;

  /** Maps make room for that many entries for each byte that an entry takes at least. */
  private static final int MAP_FACTOR = 4;

  private static final int ALL_ARRAYS_FACTOR = 8;
  private static final long SOME = 1 << 16;

  private final long resultBytes;
  private final ObjectInputFilter allowed;
  private ObjectInputFilter ofJvm;
  private long elements;
  private String refusal;

  /**
   * @param allowed by the user; null for all
   */
  ResultFilter(long resultBytes, ObjectInputFilter allowed) {
    this.resultBytes = resultBytes;
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
    if (info.depth() > MAX_DEPTH) {
      refusal = "its objects are nested too deeply.";
    } else if (info.references() > resultBytes) {
      refusal = "it claims to have " + info.references() + " objects in " + resultBytes + " bytes.";
    } else if (isTooLong(info)) {
      refusal =
          "it claims to have " + info.arrayLength() + " elements in " + resultBytes + " bytes.";
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

  private boolean isTooLong(FilterInfo info) {
    long length = info.arrayLength();
    if (length < 0) {
      return false;
    }
    elements += length;
    return length > mostOf(info.serialClass()) || elements > ALL_ARRAYS_FACTOR * resultBytes + SOME;
  }

  private long mostOf(Class<?> array) {
    Class<?> type = array == null ? Object.class : array.getComponentType();
    if (type == Map.Entry.class) {
      return MAP_FACTOR * resultBytes + SOME;
    } else if (type == long.class || type == double.class) {
      return resultBytes / Long.BYTES;
    } else if (type == int.class || type == float.class) {
      return resultBytes / Integer.BYTES;
    } else if (type == short.class || type == char.class) {
      return resultBytes / Short.BYTES;
    }
    return resultBytes;
  }
}
