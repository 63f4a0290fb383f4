package io.polybius.job;

import java.io.ObjectInputFilter;
import java.util.Map;
import java.util.Optional;

/**
 * What bytes of Java's own serialization may claim: no more than they could fill, so that damaged
 * ones take no memory. The driver reads jobs within these bounds, and clients what jobs return;
 * jobs have no use for it. For one stream.
 */
public final class SerializedBounds {

  /** Deeper ones would overflow the stack, perhaps while a class is set up, which breaks it. */
  private static final int MAX_DEPTH = 3000;

  /** Maps make room for that many entries for each byte that an entry takes at least. */
  private static final int MAP_FACTOR = 4;

  private static final int ALL_ARRAYS_FACTOR = 8;
  private static final long SOME = 1 << 16;

  private final long bytes;
  private long elements;

  /** Makes those of a stream that has so many bytes. */
  public SerializedBounds(long bytes) {
    this.bytes = bytes;
  }

  /** Returns whether bytes begin as all that Java's serialization writes. */
  public static boolean isSerialized(byte[] bytes) {
    return bytes.length >= 2 && bytes[0] == (byte) 0xAC && bytes[1] == (byte) 0xED;
  }

  /**
   * Looks at what comes next in the stream; to be called by its filter, for each.
   *
   * @return why it is too much, as the end of a sentence; empty if it is not
   */
  public Optional<String> refusal(ObjectInputFilter.FilterInfo info) {
    if (info.depth() > MAX_DEPTH) {
      return Optional.of("its objects are nested too deeply.");
    } else if (info.references() > bytes) {
      return Optional.of(
          "it claims to have " + info.references() + " objects in " + bytes + " bytes.");
    }
    long length = info.arrayLength();
    if (length < 0) {
      return Optional.empty();
    }
    elements += length;
    return length > mostOf(info.serialClass()) || elements > ALL_ARRAYS_FACTOR * bytes + SOME
        ? Optional.of("it claims to have " + length + " elements in " + bytes + " bytes.")
        : Optional.empty();
  }

  private long mostOf(Class<?> array) {
    Class<?> type = array == null ? Object.class : array.getComponentType();
    if (type == Map.Entry.class) {
      return MAP_FACTOR * bytes + SOME;
    } else if (type == long.class || type == double.class) {
      return bytes / Long.BYTES;
    } else if (type == int.class || type == float.class) {
      return bytes / Integer.BYTES;
    } else if (type == short.class || type == char.class) {
      return bytes / Short.BYTES;
    }
    return bytes;
  }
}
