package io.polybius.driver.interpreter.sql;

import io.polybius.driver.interpreter.Completion;
import io.polybius.driver.interpreter.Interpreter;
import io.polybius.driver.interpreter.ScalaValues;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.StatementException;
import io.polybius.driver.interpreter.Variable;
import io.polybius.driver.protocol.Completeness;
import io.polybius.driver.protocol.DriverEvent.CompletenessChecked;
import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementError;
import io.polybius.driver.protocol.StatementError.Origin;
import io.polybius.driver.protocol.StatementOutput;
import io.polybius.magic.MagicException;
import io.polybius.magic.MagicLimits;
import io.polybius.magic.PlainValue;
import io.polybius.magic.SqlForm;
import io.polybius.magic.TableDisplay;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;

/**
 * SQL, of which each statement shows its result: as JSON in Livy's form, and as a table. Sees the
 * temporary views of all languages, and its variables are those views and the tables.
 */
public final class SqlInterpreter implements Interpreter {

  /** How many rows a result has at most, as in Livy. */
  private static final int MAX_ROWS = 1000;

  /** Time to let a cancelled Spark job end by itself. */
  private static final Duration BEFORE_INTERRUPT = Duration.ofMillis(300);

  private final SparkSession session;
  private final SqlCompletion completion;

  /** The thread that waits for Spark. */
  private volatile Optional<Thread> busy = Optional.empty();

  /** Makes one on a session. */
  public SqlInterpreter(SparkSession session) {
    this.session = session;
    this.completion = new SqlCompletion(session);
  }

  @Override
  public String kind() {
    return "sql";
  }

  @Override
  public void execute(String code, Execution execution) throws StatementException {
    for (SqlScript.Part part : SqlScript.split(code)) {
      if (SqlScript.isBlank(part.text())) {
        continue;
      }
      Result result = run(part.text(), execution);
      if (result.table().columns().isEmpty() && execution.wantsRichValue()) {
        // Programs expect something of each statement; people do not want to look at nothing.
        continue;
      }
      try {
        execution.put(new StatementOutput.Display(bundle(result.table())));
      } catch (MagicException e) {
        throw new StatementException(e.toStatementError());
      }
      if (!result.table().columns().isEmpty()) {
        execution.showsTable(result.frame());
      }
    }
  }

  @Override
  public MimeBundle evaluate(String expression, Execution execution) throws StatementException {
    try {
      return bundle(run("select " + expression, execution).table());
    } catch (MagicException e) {
      throw new StatementException(e.toStatementError());
    }
  }

  private MimeBundle bundle(PlainValue.Table table) throws MagicException {
    MagicLimits limits = MagicLimits.DEFAULT;
    return TableDisplay.of(table, TableDisplay.ROWS, limits)
        .with(MimeBundle.JSON, SqlForm.of(table, limits.maxBytes()));
  }

  private record Result(Dataset<?> frame, PlainValue.Table table, Throwable failure) {}

  private Result run(String statement, Execution execution) throws StatementException {
    Result result =
        execution.unlocked(
            () -> {
              busy = Optional.of(Thread.currentThread());
              try {
                Dataset<?> frame = session.sql(statement);
                return new Result(
                    frame, (PlainValue.Table) ScalaValues.plain(frame, MAX_ROWS), null);
              } catch (Throwable e) {
                // Also checked exceptions, which Spark throws without declaring them.
                return new Result(null, null, e);
              } finally {
                busy = Optional.empty();
              }
            });
    if (result.failure() == null) {
      return result;
    }
    Throwable failure = result.failure();
    List<String> frames = Arrays.stream(failure.getStackTrace()).map(String::valueOf).toList();
    throw new StatementException(
        execution.isCancelled()
            ? StatementError.interrupted(frames, List.of())
            : new StatementError(
                Origin.USER_CODE,
                failure.getClass().getName(),
                Optional.ofNullable(failure.getMessage()).orElse(failure.getClass().getName()),
                frames));
  }

  @Override
  public CompletenessChecked completeness(int requestId, String code) {
    return new CompletenessChecked(
        requestId, SqlScript.isOpen(code) ? Completeness.INCOMPLETE : Completeness.COMPLETE, "");
  }

  @Override
  public Completion complete(String code, int cursor) {
    return completion.complete(code, cursor);
  }

  @Override
  public Optional<MimeBundle> inspect(String code, int cursor, boolean detailed) {
    int start = SqlCompletion.startOfName(code, cursor);
    int end = cursor;
    while (end < code.length() && Character.isJavaIdentifierPart(code.charAt(end))) {
      end++;
    }
    String name = code.substring(start, end);
    if (name.isEmpty()) {
      return Optional.empty();
    }
    return session.catalog().tableExists(name)
        ? Optional.of(MimeBundle.text(session.table(name).schema().treeString()))
        : function(name);
  }

  private Optional<MimeBundle> function(String name) {
    if (!session.catalog().functionExists(name)) {
      return Optional.empty();
    }
    return Optional.of(
        MimeBundle.text(
            session.sql("describe function extended `" + name + "`").collectAsList().stream()
                .map(row -> row.getString(0))
                .collect(Collectors.joining("\n"))));
  }

  @Override
  public Variable variable(String name, int maxRows) throws MagicException {
    if (!session.catalog().tableExists(name)) {
      throw MagicException.noSuchValue(name);
    }
    return Variable.of(session.table(name), maxRows);
  }

  @Override
  public void share(String variable, String name, SharedValues values) throws MagicException {
    if (!session.catalog().tableExists(variable)) {
      throw MagicException.noSuchValue(variable);
    }
    values.put(name, kind(), new SharedValue.Frame(session.table(variable)));
  }

  @Override
  public void define(String variable, String name, SharedValues values, Execution execution)
      throws MagicException {
    if (!(values.get(name) instanceof SharedValue.Frame frame)) {
      throw new MagicException(
          MagicException.VALUE_ERROR, name + " is no DataFrame, so SQL cannot take it");
    }
    frame.dataset().createOrReplaceTempView(variable);
  }

  @Override
  public void interrupt(Thread running, Duration elapsed) {
    if (elapsed.compareTo(BEFORE_INTERRUPT) >= 0) {
      busy.ifPresent(Thread::interrupt);
    }
  }

  @Override
  public void close() {
    // The session is the driver's.
  }
}
