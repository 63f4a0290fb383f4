package io.polybius.magic;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** The session in which a magic runs, for those that do more than look at a value. */
public interface MagicSession {

  /** Returns what the session is. */
  SessionFacts facts();

  /** Returns the kind of the statement in which the magic stands, such as {@code spark}. */
  String language();

  /**
   * Runs code as a part of this statement: what it puts out, the statement puts out at once. It may
   * have magics in it. A language that has not run yet is started.
   *
   * @param kind the language, by its canonical name
   * @param code lines separated by {@code \n}
   * @throws MagicException with the error in which the code has ended
   */
  void execute(String kind, String code) throws MagicException;

  /** Prints a text, as the statement's code does. */
  void print(String text);

  /** Returns all settings of Spark that somebody has set, without secrets. */
  SortedMap<String, String> settings();

  /** Returns a setting of Spark, or its default; empty if there is neither. */
  Optional<String> setting(String name);

  /**
   * Changes a setting of Spark.
   *
   * @throws MagicException {@link MagicException#VALUE_ERROR} if it cannot be changed while Spark
   *     runs, or not to that value
   */
  void set(String name, String value) throws MagicException;

  /**
   * Makes jars known to the code of all languages and to Spark's executors, and the magics in them
   * to this session.
   *
   * @param location a path or an address of a jar, or {@code ivy://group:artifact:version}
   * @return the names of the files
   * @throws MagicException {@link MagicException#VALUE_ERROR} if there is no such jar
   */
  List<String> addJars(String location) throws MagicException;

  /**
   * Shares the value of a variable with the other languages and the other clients of the session.
   *
   * @param variable of the language in which the magic stands
   * @param name under which it is shared from now on
   * @throws MagicException {@link MagicException#noSuchValue} if there is no such variable, {@link
   *     MagicException#VALUE_ERROR} if its value cannot be shared
   */
  void share(String variable, String name) throws MagicException;

  /** Returns what is shared, in the order of the names. */
  List<SharedName> shared();

  /**
   * Defines a variable with something that is shared.
   *
   * @param name under which it is shared
   * @param variable of the language in which the magic stands
   * @throws MagicException {@link MagicException#noSuchValue} if nothing is shared under that name,
   *     {@link MagicException#VALUE_ERROR} if the language cannot take it
   */
  void define(String name, String variable) throws MagicException;
}
