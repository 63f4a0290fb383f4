package io.polybius.driver;

import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.SparkTools;
import io.polybius.driver.interpreter.StatementException;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.protocol.StreamName;
import io.polybius.magic.MagicContext;
import io.polybius.magic.MagicException;
import io.polybius.magic.MagicLimits;
import io.polybius.magic.MagicSession;
import io.polybius.magic.Magics;
import io.polybius.magic.PlainValue;
import io.polybius.magic.SessionFacts;
import io.polybius.magic.SharedName;
import io.polybius.magic.TableRules;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets a magic see the variables of the language in whose code it stands, and the session. */
final class RunningMagic implements MagicContext, MagicSession {

  private static final Logger log = LoggerFactory.getLogger(RunningMagic.class);

  private final SparkTools session;
  private final SharedValues sharedValues;
  private final Magics magics;
  private final Collection<String> kinds;
  private final Interpreter interpreter;
  private final Place place;

  /** Where a magic stands: a line of a statement. */
  interface Place {

    /** Returns the statement, as code sees it that begins in that line. */
    Interpreter.Execution execution();

    /**
     * Runs code that the magic was given, as a part of the statement.
     *
     * @param kind its language
     * @throws StatementException if it fails
     */
    void execute(String kind, String code) throws StatementException;

    /** The statement shows a variable, unless the magic fails. */
    void shows(Variable variable);
  }

  /**
   * @param kinds of the statements that can run
   * @param interpreter of the code in which the magic stands
   */
  RunningMagic(
      SparkTools session,
      SharedValues sharedValues,
      Magics magics,
      Collection<String> kinds,
      Interpreter interpreter,
      Place place) {
    this.session = session;
    this.sharedValues = sharedValues;
    this.magics = magics;
    this.kinds = kinds;
    this.interpreter = interpreter;
    this.place = place;
  }

  @Override
  public PlainValue lookup(String name, int maxRows) throws MagicException {
    Variable variable = interpreter.variable(name, maxRows);
    place.shows(variable);
    return variable.value();
  }

  @Override
  public MagicLimits limits() {
    return MagicLimits.DEFAULT;
  }

  @Override
  public TableRules tableRules() {
    return interpreter.tableRules();
  }

  @Override
  public MagicSession session() {
    return this;
  }

  @Override
  public SessionFacts facts() {
    return session.facts(kinds.stream().sorted().toList());
  }

  @Override
  public String language() {
    return interpreter.kind();
  }

  @Override
  public void execute(String kind, String code) throws MagicException {
    try {
      place.execute(kind, code);
    } catch (StatementException e) {
      throw new MagicException(e.error());
    }
  }

  @Override
  public void print(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    place.execution().print(StreamName.STDOUT, bytes, 0, bytes.length);
  }

  @Override
  public SortedMap<String, String> settings() {
    return session.settings();
  }

  @Override
  public Optional<String> setting(String name) {
    return session.setting(name);
  }

  @Override
  public void set(String name, String value) throws MagicException {
    session.set(name, value);
  }

  @Override
  public List<String> addJars(String location) throws MagicException {
    List<String> added = session.addJars(location);
    magics.addFrom(session.classLoader(), problem -> log.warn("{}", problem));
    return added;
  }

  @Override
  public void share(String variable, String name) throws MagicException {
    interpreter.share(variable, name, sharedValues);
  }

  @Override
  public List<SharedName> shared() {
    return sharedValues.list();
  }

  @Override
  public void define(String name, String variable) throws MagicException {
    try {
      interpreter.define(variable, name, sharedValues, place.execution());
    } catch (StatementException e) {
      throw new MagicException(e.error());
    }
  }
}
