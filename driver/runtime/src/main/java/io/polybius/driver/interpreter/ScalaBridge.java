package io.polybius.driver.interpreter;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import scala.Function1;
import scala.Function2;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction2;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;
import scala.tools.nsc.Settings;
import scala.tools.nsc.interpreter.IMain;
import scala.tools.nsc.interpreter.Results;

/**
 * A Scala compiler that runs what it compiles, the same for Scala 2.12 and 2.13. This class is
 * compiled once, against 2.12; what has another form in 2.13 is called by reflection, here and
 * nowhere else.
 *
 * <p>Used by one thread at a time.
 */
final class ScalaBridge implements AutoCloseable {

  /** How an attempt to run a text ended. */
  enum Outcome {
    /** It ran. */
    SUCCESS,
    /** It could not be compiled, or it threw. */
    ERROR,
    /** It is only the beginning of a statement. */
    INCOMPLETE
  }

  /**
   * What {@link #interpret} did.
   *
   * @param outcome how it ended
   * @param text what the prompt would have printed
   */
  record Interpreted(Outcome outcome, String text) {}

  /** What a top-level statement is, as far as it matters to how it is run. */
  enum StatementKind {
    /** It has a value. */
    EXPRESSION,
    /** It defines names and runs nothing: a class, an object, a method, a type, an import. */
    DECLARATION,
    /** It defines names by running code. */
    VALUE_DEFINITION
  }

  /**
   * A top-level statement.
   *
   * @param kind what it is
   * @param start offset of its first character
   * @param end offset after its last character
   */
  record TopLevel(StatementKind kind, int start, int end) {}

  /**
   * What the parser says of a text.
   *
   * @param statements the top-level statements in order, empty unless the text is right
   * @param incomplete whether more text is needed
   * @param wrong whether no text that follows could make it right
   */
  record Parsed(List<TopLevel> statements, boolean incomplete, boolean wrong) {}

  private final StringWriter printed = new StringWriter();
  private final IMain main;

  /**
   * Starts a compiler; takes one to three seconds.
   *
   * @param classDirectory an existing directory for the compiled classes
   */
  ScalaBridge(String classDirectory) {
    Settings settings = new Settings();
    settings.processArguments(
        scalaList(
            List.of(
                "-usejavacp",
                // Else the folders in the directory where the server was started are packages.
                "-classpath",
                "",
                "-Yrepl-class-based",
                "-Yrepl-use-magic-imports",
                "-Yrepl-outdir",
                classDirectory)),
        true);
    PrintWriter writer = new PrintWriter(printed, true);
    try {
      Optional<Class<?>> reporter = findClass("scala.tools.nsc.interpreter.shell.ReplReporterImpl");
      if (reporter.isPresent()) {
        Object shellReporter =
            reporter
                .get()
                .getConstructor(Settings.class, PrintWriter.class)
                .newInstance(settings, writer);
        Constructor<?> constructor =
            Arrays.stream(IMain.class.getConstructors())
                .filter(candidate -> candidate.getParameterCount() == 2)
                .filter(candidate -> candidate.getParameterTypes()[1].isInstance(shellReporter))
                .findFirst()
                .orElseThrow();
        main = (IMain) constructor.newInstance(settings, shellReporter);
        IMain.class.getMethod("initializeCompiler").invoke(main);
      } else {
        main =
            IMain.class
                .getConstructor(Settings.class, PrintWriter.class)
                .newInstance(settings, writer);
        IMain.class.getMethod("initializeSynchronous").invoke(main);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Scala's interpreter cannot be started", e);
    }
  }

  /** Returns the version of the Scala that runs, such as {@code 2.12.18}. */
  static String scalaVersion() {
    return scala.util.Properties$.MODULE$.versionNumberString();
  }

  /** Returns the loader of the classes that it has compiled. */
  ClassLoader classLoader() {
    return main.classLoader();
  }

  /** Compiles and runs a text. */
  Interpreted interpret(String code) {
    takePrinted();
    Results.Result result = main.interpret(code);
    Outcome outcome =
        result == Results.Success$.MODULE$
            ? Outcome.SUCCESS
            : result == Results.Incomplete$.MODULE$ ? Outcome.INCOMPLETE : Outcome.ERROR;
    return new Interpreted(outcome, takePrinted());
  }

  /** Returns the value of a variable. */
  Optional<Object> valueOf(String name) {
    scala.Option<Object> value = main.valueOfTerm(name);
    return value.isDefined() ? Optional.ofNullable(value.get()) : Optional.empty();
  }

  /** Returns whether a variable of that name is defined, also when it holds null. */
  boolean defines(String name) {
    return main.valueOfTerm(name).isDefined();
  }

  /** Returns the name of the variable that was defined last, empty if none was. */
  String mostRecentVariable() {
    return String.valueOf(main.mostRecentVar());
  }

  /** Takes a text apart without compiling it. */
  Parsed parse(String code) {
    try {
      return new Parser(code).parse();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Scala's parser cannot be called", e);
    } finally {
      takePrinted();
    }
  }

  /** Finds the names that could stand at an offset of a text. The whole text is type-checked. */
  Completion complete(String code, int cursor) {
    try {
      Object completer = newCompleter();
      Method complete = completer.getClass().getMethod("complete", String.class, int.class);
      // After a line end, a dot does not stand for the last result, and no comment is a command.
      Object found = complete.invoke(completer, "\n" + code, cursor + 1);
      int start = (int) call(found, "cursor") - 1;
      Set<String> names = new LinkedHashSet<>();
      for (Object candidate :
          JavaConverters.seqAsJavaList((scala.collection.Seq<?>) call(found, "candidates"))) {
        if (candidate instanceof String name) {
          names.add(name);
        } else if (start < cursor || !(boolean) call(candidate, "isUniversal")) {
          // Scala 2.12 leaves out by itself what every object has, until somebody asks for it.
          names.add((String) call(candidate, "name"));
        }
      }
      // The sign of Scala 2.12 that the others do not begin with what is there.
      if (names.remove("")) {
        start = startOfName(code, cursor);
      }
      return names.isEmpty()
          ? Completion.none(cursor)
          : new Completion(List.copyOf(names), start, cursor);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Scala's completion cannot be called", e);
    } finally {
      takePrinted();
    }
  }

  /**
   * Returns a new one, because it remembers what it was asked before and then answers otherwise.
   */
  private Object newCompleter() throws ReflectiveOperationException {
    String packageName = "scala.tools.nsc.interpreter.";
    Optional<Class<?>> of212 = findClass(packageName + "PresentationCompilerCompleter");
    if (of212.isPresent()) {
      return of212.get().getConstructor(IMain.class).newInstance(main);
    }
    Class<?> accumulator = Class.forName(packageName + "shell.Accumulator");
    return Class.forName(packageName + "shell.ReplCompletion")
        .getConstructor(Class.forName(packageName + "Repl"), accumulator)
        .newInstance(main, accumulator.getConstructor().newInstance());
  }

  private static int startOfName(String code, int cursor) {
    int start = cursor;
    while (start > 0 && Character.isJavaIdentifierPart(code.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  @Override
  public void close() {
    main.close();
  }

  private String takePrinted() {
    StringBuffer buffer = printed.getBuffer();
    String text = buffer.toString();
    buffer.setLength(0);
    return text;
  }

  private static scala.collection.immutable.List<String> scalaList(List<String> list) {
    return JavaConverters.asScalaBuffer(list).toList();
  }

  private static Optional<Class<?>> findClass(String name) {
    try {
      return Optional.of(Class.forName(name));
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
  }

  private static Object call(Object target, String method, Object... arguments)
      throws ReflectiveOperationException {
    for (Method candidate : target.getClass().getMethods()) {
      if (candidate.getName().equals(method) && candidate.getParameterCount() == arguments.length) {
        candidate.setAccessible(true);
        try {
          return candidate.invoke(target, arguments);
        } catch (InvocationTargetException e) {
          if (e.getCause() instanceof RuntimeException cause) {
            throw cause;
          }
          throw e;
        }
      }
    }
    throw new NoSuchMethodException(target.getClass().getName() + "." + method);
  }

  /** One run of the compiler's parser, which reports each top-level statement as it goes. */
  private final class Parser {

    private final List<TopLevel> statements = new ArrayList<>();
    private final String code;
    private boolean incomplete;

    Parser(String code) {
      this.code = code;
    }

    Parsed parse() throws ReflectiveOperationException {
      Object global = main.global();
      Object reporter = call(global, "reporter");
      call(reporter, "reset");
      Object parsing = call(call(global, "currentRun"), "parsing");
      Function2<Object, Object, BoxedUnit> onIncomplete =
          new AbstractFunction2<>() {
            @Override
            public BoxedUnit apply(Object position, Object message) {
              incomplete = true;
              return BoxedUnit.UNIT;
            }
          };
      call(
          parsing,
          "withIncompleteHandler",
          onIncomplete,
          new AbstractFunction0<Object>() {
            @Override
            public Object apply() {
              return parseStatements(global);
            }
          });
      boolean wrong = (boolean) call(reporter, "hasErrors");
      call(reporter, "reset");
      // After an error the parser skips on, and may well run into the end.
      return new Parsed(
          incomplete || wrong ? List.of() : List.copyOf(statements), incomplete && !wrong, wrong);
    }

    private Object parseStatements(Object global) {
      try {
        Object parser = call(global, "newUnitParser", code, "<console>");
        Object scanner = call(parser, "in");
        @SuppressWarnings("unchecked")
        var statement =
            (scala.PartialFunction<Object, scala.collection.Iterable<Object>>)
                call(parser, "templateStat");
        return call(
            parser,
            "statSeq",
            new AbstractPartialFunction<Object, scala.collection.Iterable<Object>>() {
              @Override
              public <A, B> B applyOrElse(A token, Function1<A, B> otherwise) {
                return recorded(statement, scanner, token, otherwise);
              }

              @Override
              public boolean isDefinedAt(Object token) {
                return statement.isDefinedAt(token);
              }
            },
            "illegal start of statement");
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("this Scala's parser cannot be called", e);
      }
    }

    @SuppressWarnings("unchecked")
    private <A, B> B recorded(
        scala.PartialFunction<Object, scala.collection.Iterable<Object>> statement,
        Object scanner,
        A token,
        Function1<A, B> otherwise) {
      try {
        int start = (int) call(scanner, "offset");
        Object trees = statement.applyOrElse(token, (Function1<Object, Object>) otherwise);
        int end = (int) call(scanner, "lastOffset");
        List<Object> parts = new ArrayList<>();
        scala.collection.Iterator<?> iterator = ((scala.collection.Iterable<?>) trees).iterator();
        while (iterator.hasNext()) {
          parts.add(iterator.next());
        }
        if (!parts.isEmpty()) {
          statements.add(new TopLevel(kindOf(parts), start, Math.max(start, end)));
        }
        return (B) trees;
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("this Scala's parser cannot be called", e);
      }
    }

    private StatementKind kindOf(List<Object> trees) throws ReflectiveOperationException {
      StatementKind kind = StatementKind.DECLARATION;
      for (Object tree : trees) {
        if ((boolean) call(tree, "isTerm")) {
          return StatementKind.EXPRESSION;
        }
        if (((scala.Product) tree).productPrefix().equals("ValDef")) {
          kind = StatementKind.VALUE_DEFINITION;
        }
      }
      return kind;
    }
  }
}
