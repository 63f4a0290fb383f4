package io.polybius.magic;

/**
 * How much of something a value holds: everything, or the first rows of more.
 *
 * @param truncated whether there is more than what the value holds
 * @param total how many rows or elements there are altogether, or {@link #UNKNOWN}
 */
public record Extent(boolean truncated, long total) {

  /** Nobody has counted. */
  public static final long UNKNOWN = -1;

  /** The value holds everything. */
  public static final Extent WHOLE = new Extent(false, UNKNOWN);

  /** There is more, and nobody has counted it. */
  public static final Extent FIRST = new Extent(true, UNKNOWN);

  /** Returns the extent of the first rows of so many. */
  public static Extent firstOf(long total) {
    return new Extent(true, total);
  }
}
