package io.polybius.driver.interpreter;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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
import scala.util.Either;

/**
 * A Scala compiler that runs what it compiles, the same for Scala 2.12 and 2.13. This class is
 * compiled once, against 2.12; what has another form in 2.13 is called by reflection, here and in
 * {@link PresentationCompiler}.
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
   * @param thrown what the code threw
   * @param line where the compiler has put the text
   * @param value what {@link #evaluate} has got, which can be null
   */
  record Interpreted(
      Outcome outcome, String text, Optional<Throwable> thrown, CompiledLine line, Object value) {}

  /**
   * A text in the eyes of the compiler.
   *
   * @param name of the package in which it is; empty if it was not compiled
   * @param before how many lines the compiler counts before it
   */
  record CompiledLine(String name, int before) {
    static final CompiledLine NONE = new CompiledLine("", 0);
  }

  /** Runs code of the user's, during which the compiler is not used. */
  interface Unlocked {
    /**
     * Returns what the code returns.
     *
     * @param line which text it belongs to
     */
    <T> T run(CompiledLine line, Supplier<T> code);

    /** Just runs the code. */
    Unlocked ALONE =
        new Unlocked() {
          @Override
          public <T> T run(CompiledLine line, Supplier<T> code) {
            return code.get();
          }
        };
  }

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
  private final Calls calls = new Calls();
  private final Scope scope = new Scope();
  private final IMain main;
  private final PresentationCompiler presentation;
  private int remembered;
  private volatile boolean isRunning;

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
                // Never empty folders of where the server was started, which would be packages.
                "-classpath",
                submittedJars(),
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
    presentation = new PresentationCompiler(main, calls, scope);
  }

  /**
   * Returns the class path of what spark-submit has loaded for the user, which is in loaders of its
   * own beside the JVM's class path.
   */
  private static String submittedJars() {
    List<String> jars = new ArrayList<>();
    for (ClassLoader loader = Thread.currentThread().getContextClassLoader();
        loader != null;
        loader = loader.getParent()) {
      if (loader instanceof URLClassLoader urls) {
        for (URL url : urls.getURLs()) {
          if (url.getProtocol().equals("file")) {
            jars.add(new File(url.getPath()).getPath());
          }
        }
      }
    }
    return String.join(File.pathSeparator, jars);
  }

  /** Returns the version of the Scala that runs, such as {@code 2.12.18}. */
  static String scalaVersion() {
    return scala.util.Properties$.MODULE$.versionNumberString();
  }

  /** Returns the loader of the classes that it has compiled. */
  ClassLoader classLoader() {
    return main.classLoader();
  }

  /**
   * Lets code that runs find the classes of jars, which the compiler need not know. May be called
   * by any thread.
   */
  void loadFrom(List<URL> jars) {
    // Above the loader of compiled classes is the one of jars, which the REPL keeps for itself.
    ClassLoader loader = main.classLoader().getParent();
    for (URL jar : jars) {
      calls.call(loader, "addURL", jar);
    }
  }

  /** Adds jars to what texts can use. */
  void addJars(List<URL> jars) {
    calls.call(main, "addUrlsToClassPath", JavaConverters.asScalaBuffer(jars).toList());
    // It has read the class path at its start, and starts again with the next question.
    presentation.close();
  }

  /**
   * Compiles and runs a text.
   *
   * @param unlocked runs what the text does, while others may ask questions
   */
  Interpreted interpret(String code, Unlocked unlocked) {
    takePrinted();
    Either<?, ?> request = requestFor(code);
    if (request.isLeft()) {
      return refused(request);
    }
    Object compiled = ((scala.util.Right<?, ?>) request).value();
    CompiledLine line = lineOf(compiled, code);
    if (!calls.is(compiled, "compile")) {
      return ended(Outcome.ERROR, Optional.empty(), line);
    }
    Ran ran = run(compiled, "printName", line, unlocked);
    if (ran.thrown().isPresent()) {
      Throwable thrown = ran.thrown().get();
      printWhole(calls.text(calls.call(compiled, "lineRep"), "bindError", thrown));
      remember();
      return ended(Outcome.ERROR, Optional.of(withoutReflection(thrown)), line);
    }
    String echo = "" + ran.value();
    if (!echo.isEmpty()) {
      calls.call(
          calls.call(main, "reporter"),
          "printMessage",
          echo.endsWith("\n") ? echo.substring(0, echo.length() - 1) : echo);
    }
    calls.call(main, "recordRequest", compiled);
    remember();
    return ended(Outcome.SUCCESS, Optional.empty(), line);
  }

  /**
   * Compiles and runs an expression, and defines nothing.
   *
   * @param unlocked runs the expression, while others may ask questions
   */
  Interpreted evaluate(String code, Unlocked unlocked) {
    takePrinted();
    String definition = "val polybiusValue = {\n" + code + "\n}";
    Either<?, ?> request = requestFor(definition);
    if (request.isLeft()) {
      return refused(request);
    }
    Object compiled = ((scala.util.Right<?, ?>) request).value();
    CompiledLine inDefinition = lineOf(compiled, definition);
    CompiledLine line = new CompiledLine(inDefinition.name(), inDefinition.before() + 1);
    if (!calls.is(compiled, "compile")) {
      return ended(Outcome.ERROR, Optional.empty(), line);
    }
    Ran ran = run(compiled, "resultName", line, unlocked);
    Interpreted ended =
        ended(
            ran.thrown().isPresent() ? Outcome.ERROR : Outcome.SUCCESS,
            ran.thrown().map(ScalaBridge::withoutReflection),
            line);
    return new Interpreted(ended.outcome(), ended.text(), ended.thrown(), line, ran.value());
  }

  /** What became of code that ran: a value, which can be null, unless it threw. */
  private record Ran(Object value, Optional<Throwable> thrown) {}

  private Either<?, ?> requestFor(String code) {
    // In 2.13 there is one more argument, which tells whether an unfinished text is an error.
    Object request =
        calls.has(main, "requestFromLine", code, false, false)
            ? calls.call(main, "requestFromLine", code, false, false)
            : calls.call(main, "requestFromLine", code, false);
    Either<?, ?> either = (Either<?, ?>) request;
    return either.isRight() && ((scala.util.Right<?, ?>) either).value() == null
        ? new scala.util.Left<>(Results.Error$.MODULE$)
        : either;
  }

  private Ran run(Object compiled, String member, CompiledLine line, Unlocked unlocked) {
    Object code = calls.call(compiled, "lineRep");
    String name = calls.text(code, member);
    return whileRunning(
        () ->
            unlocked.run(
                line,
                () -> {
                  Thread.currentThread().setContextClassLoader(main.classLoader());
                  try {
                    return new Ran(
                        ((Class<?>) calls.call(code, "evalClass")).getMethod(name).invoke(null),
                        Optional.empty());
                  } catch (Throwable e) {
                    return new Ran(null, Optional.of(e));
                  }
                }));
  }

  /**
   * Lets questions know, before they can be asked, that user code runs: its class loader may use
   * the REPL's own compiler.
   *
   * @param code gives the lock away and takes it back
   */
  <T> T whileRunning(Supplier<T> code) {
    isRunning = true;
    try {
      return code.get();
    } finally {
      isRunning = false;
    }
  }

  private Interpreted refused(Either<?, ?> request) {
    boolean incomplete = ((scala.util.Left<?, ?>) request).value() == Results.Incomplete$.MODULE$;
    return ended(
        incomplete ? Outcome.INCOMPLETE : Outcome.ERROR, Optional.empty(), CompiledLine.NONE);
  }

  private Interpreted ended(Outcome outcome, Optional<Throwable> thrown, CompiledLine line) {
    forgetComplaints();
    return new Interpreted(outcome, takePrinted(), thrown, line, null);
  }

  /** Warnings of one text must not come up with the next. */
  private void forgetComplaints() {
    calls.call(calls.call(main, "reporter"), "reset");
    calls.call(
        calls.call(calls.call(main.global(), "currentRun"), "reporting"),
        "clearAllConditionalWarnings");
  }

  /** Prints a text as the prompt does, with readable names, but never cuts it. */
  private void printWhole(String text) {
    Object reporter = calls.call(main, "reporter");
    if (calls.has(reporter, "printUntruncatedMessage", text)) {
      calls.call(reporter, "printUntruncatedMessage", text);
    } else {
      calls.call(
          reporter,
          "withoutTruncating",
          new AbstractFunction0<Object>() {
            @Override
            public Object apply() {
              calls.call(reporter, "printMessage", text);
              return BoxedUnit.UNIT;
            }
          });
    }
  }

  /** Returns what the user's code threw, without what reflection wraps around it. */
  private static Throwable withoutReflection(Throwable thrown) {
    Throwable unwrapped = thrown;
    while ((unwrapped instanceof InvocationTargetException
            || unwrapped instanceof ExceptionInInitializerError
            || unwrapped instanceof UndeclaredThrowableException
            || unwrapped instanceof ExecutionException)
        && unwrapped.getCause() != null) {
      unwrapped = unwrapped.getCause();
    }
    return unwrapped;
  }

  /**
   * Returns how the lines of a text are numbered in what the compiler says of it. Scala 2.12 puts
   * the imports of the session before it, and the name of the result.
   */
  private CompiledLine lineOf(Object request, String code) {
    String name = calls.text(calls.call(request, "lineRep"), "packageName");
    int before = 0;
    if (calls.has(request, "ObjectSourceCode")) {
      Object source = calls.call(request, "ObjectSourceCode");
      String preamble = calls.text(source, "preamble");
      int length = (int) calls.call(source, "preambleLength");
      String header = calls.text(calls.call(request, "lineRep"), "packageDecl") + "\n\n";
      before =
          lineEnds(header)
              + lineEnds(preamble.substring(0, length))
              + lineEnds(calls.text(request, "line"))
              - lineEnds(code);
    }
    return new CompiledLine(name, before);
  }

  private static int lineEnds(String text) {
    return (int) text.chars().filter(letter -> letter == '\n').count();
  }

  /** Adds what the REPL has recorded since the last time to what questions know. */
  private void remember() {
    List<Object> requests = calls.list(main, "prevRequestList");
    for (Object request : requests.subList(remembered, requests.size())) {
      Object line = calls.call(request, "lineRep");
      String path = calls.text(line, "readPathInstance") + calls.text(request, "accessPath");
      presentation.added(calls.text(line, "packageName"));
      for (Object handler : calls.list(request, "handlers")) {
        remember(handler, path);
      }
    }
    remembered = requests.size();
  }

  private void remember(Object handler, String path) {
    if (handler.getClass().getName().endsWith("ImportHandler")) {
      scope.add(
          new Scope.Entry(
              calls.text(handler, "member"),
              Set.of(),
              calls.list(handler, "referencedNames").stream()
                  .map(String::valueOf)
                  .collect(Collectors.toSet()),
              true));
      return;
    }
    for (Object name : calls.list(handler, "definedNames")) {
      scope.add(
          new Scope.Entry(
              "import " + path + ".`" + name + "`",
              Set.of(calls.is(name, "isTypeName") ? name + "#" : String.valueOf(name)),
              Set.of(),
              calls.is(handler, "definesImplicit")));
    }
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
    // While a statement runs, its class loader may use the REPL's own compiler.
    return new Parser(isRunning ? presentation.global() : main.global(), code).parse();
  }

  /** Finds what could stand at an offset of a text. The whole text is type-checked. */
  Completion complete(String code, int cursor) {
    return presentation.complete(code, cursor);
  }

  /** Finds what the name means that ends at an offset of a text. */
  Optional<PresentationCompiler.Meaning> meaning(String code, int end, boolean detailed) {
    return presentation.meaning(code, end, detailed);
  }

  /** Returns whether a statement's code runs at the moment, so that nothing else must. */
  boolean isRunning() {
    return isRunning;
  }

  @Override
  public void close() {
    presentation.close();
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

  /** One run of the compiler's parser, which reports each top-level statement as it goes. */
  private final class Parser {

    /** The number of the scanner's last token, in every Scala. */
    private static final int END_OF_TEXT = 0;

    private final List<TopLevel> statements = new ArrayList<>();
    private final Object global;
    private final String code;
    private boolean incomplete;

    Parser(Object global, String code) {
      this.global = global;
      this.code = code;
    }

    Parsed parse() {
      Object reporter = calls.call(global, "reporter");
      calls.call(reporter, "reset");
      Object parsing = calls.call(calls.call(global, "currentRun"), "parsing");
      Function2<Object, Object, BoxedUnit> onIncomplete =
          new AbstractFunction2<>() {
            @Override
            public BoxedUnit apply(Object position, Object message) {
              incomplete = true;
              return BoxedUnit.UNIT;
            }
          };
      calls.call(
          parsing,
          "withIncompleteHandler",
          onIncomplete,
          new AbstractFunction0<Object>() {
            @Override
            public Object apply() {
              return parseStatements();
            }
          });
      boolean wrong = calls.is(reporter, "hasErrors");
      calls.call(reporter, "reset");
      // After an error the parser skips on, and may well run into the end.
      return new Parsed(
          incomplete || wrong ? List.of() : List.copyOf(statements), incomplete && !wrong, wrong);
    }

    /** Also tells of what the parser leaves over, such as a brace that closes nothing. */
    private Object parseStatements() {
      Object parser = calls.call(global, "newUnitParser", code, "<console>");
      Object scanner = calls.call(parser, "in");
      @SuppressWarnings("unchecked")
      var statement =
          (scala.PartialFunction<Object, scala.collection.Iterable<Object>>)
              calls.call(parser, "templateStat");
      calls.call(
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
      return calls.call(parser, "accept", END_OF_TEXT);
    }

    @SuppressWarnings("unchecked")
    private <A, B> B recorded(
        scala.PartialFunction<Object, scala.collection.Iterable<Object>> statement,
        Object scanner,
        A token,
        Function1<A, B> otherwise) {
      int start = (int) calls.call(scanner, "offset");
      Object trees = statement.applyOrElse(token, (Function1<Object, Object>) otherwise);
      int end = (int) calls.call(scanner, "lastOffset");
      List<Object> parts = Calls.items(trees);
      if (!parts.isEmpty()) {
        statements.add(new TopLevel(kindOf(parts), start, Math.max(start, end)));
      }
      return (B) trees;
    }

    private StatementKind kindOf(List<Object> trees) {
      StatementKind kind = StatementKind.DECLARATION;
      for (Object tree : trees) {
        if (calls.is(tree, "isTerm")) {
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
