package io.polybius.magic;

/** What a magic may know of the session in which it runs; made by the interpreter. */
public interface MagicContext {

  /**
   * Returns the present value of a name, as plain data.
   *
   * <p>Of what has to be fetched or computed (a DataFrame, an RDD, an iterator) no more than {@code
   * maxRows} rows or elements are taken, and the {@link Extent} of the result says whether there
   * are more. A collection in the interpreter's memory is given whole.
   *
   * @param name as the user wrote it
   * @param maxRows how many rows or elements to take, at least 0
   * @throws MagicException {@link MagicException#noSuchValue} if nothing has that name, {@link
   *     MagicException#VALUE_ERROR} if the value cannot be told as plain data
   */
  PlainValue lookup(String name, int maxRows) throws MagicException;

  /**
   * Returns the present value of a name, with {@link MagicLimits#maxRows} rows or elements at most.
   *
   * @param name as the user wrote it
   * @throws MagicException as {@link #lookup(String, int)}
   */
  default PlainValue lookup(String name) throws MagicException {
    return lookup(name, limits().maxRows());
  }

  /** Returns how large a result may be. */
  MagicLimits limits();

  /** Returns how rows of the statement's language make a table. */
  default TableRules tableRules() {
    return TableRules.SCALA;
  }

  /** Returns the session, for magics that do more than look at a value. */
  MagicSession session();
}
