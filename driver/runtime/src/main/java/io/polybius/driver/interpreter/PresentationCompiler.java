package io.polybius.driver.interpreter;

import io.polybius.driver.protocol.Candidate;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import scala.Function1;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;
import scala.tools.nsc.interactive.Global;
import scala.tools.nsc.interpreter.IMain;

/**
 * Answers what could stand at a place of a text, and what a name there means. It is a compiler
 * beside the one that runs statements and does not use that one, so it can be asked while a
 * statement runs. It is kept between questions, and told what statements have brought.
 *
 * <p>Used by one thread at a time.
 */
final class PresentationCompiler implements AutoCloseable {

  /** What is known of the names of a text, but not yet which of them are wanted. */
  private record Found(List<Object> members, int start, boolean inScope, boolean isType) {}

  /**
   * What a name means.
   *
   * @param declarations as they would stand in a program, one for each overload
   * @param owner where it was declared; empty if that is this session or the text itself
   * @param members what a value of its type has
   * @param variable whether it is a variable of the session that is safe to read
   */
  record Meaning(List<String> declarations, String owner, List<String> members, boolean variable) {}

  /** Stands behind the cursor, so that there is a name to look at and no keyword. */
  private static final String CURSOR = "_CURSOR_";

  private static final Pattern IDENTIFIER =
      Pattern.compile("[\\p{L}_$][\\p{L}\\p{N}_$]*", Pattern.UNICODE_CHARACTER_CLASS);

  /** The places where the REPL keeps what statements define. */
  private static final Pattern WRAPPER =
      Pattern.compile("(?:\\$line\\d+\\.)?\\$read(?:\\.INSTANCE)?\\.(?:\\$iw\\.)*|(?:\\$iw\\.)+");

  private static final Pattern NAMELESS_PARAMETER = Pattern.compile("\\bx\\$\\d+: ");
  private static final String SESSION = "$line";

  /** Each question leaves a little behind. */
  private static final int MAX_QUESTIONS = 1000;

  /** Lets names be looked at by us, which is the same for all versions. */
  private static final Function1<Object, Object> ANY_NAME =
      new AbstractFunction1<>() {
        @Override
        public Object apply(Object entered) {
          return new AbstractFunction1<Object, Object>() {
            @Override
            public Object apply(Object candidate) {
              return true;
            }
          };
        }
      };

  private static final List<String> KEYWORDS =
      List.of(
          "abstract",
          "case",
          "catch",
          "class",
          "def",
          "do",
          "else",
          "extends",
          "false",
          "final",
          "finally",
          "for",
          "if",
          "implicit",
          "import",
          "lazy",
          "match",
          "new",
          "null",
          "object",
          "override",
          "package",
          "private",
          "protected",
          "return",
          "sealed",
          "super",
          "this",
          "throw",
          "trait",
          "true",
          "try",
          "type",
          "val",
          "var",
          "while",
          "with",
          "yield");

  private final IMain main;
  private final Calls calls;
  private final Scope scope;
  private final List<String> newPackages = new ArrayList<>();
  private Optional<Global> compiler = Optional.empty();
  private int questions;

  /**
   * Makes one that starts when it is asked first.
   *
   * @param main the REPL of the session
   * @param scope what the session's statements have brought
   */
  PresentationCompiler(IMain main, Calls calls, Scope scope) {
    this.main = main;
    this.calls = calls;
    this.scope = scope;
  }

  /** A statement has been compiled into a package of its own. */
  void added(String packageName) {
    if (compiler.isPresent()) {
      newPackages.add(packageName);
    }
  }

  /** Returns the compiler, for questions that need no session. */
  Global global() {
    if (questions++ > MAX_QUESTIONS) {
      close();
      questions = 0;
    }
    if (compiler.isEmpty()) {
      compiler = Optional.of(main.newPresentationCompiler());
    }
    return compiler.get();
  }

  @Override
  public void close() {
    Optional<Global> old = compiler;
    compiler = Optional.empty();
    newPackages.clear();
    old.ifPresent(global -> calls.call(global, "askShutdown"));
  }

  /** Returns how a text could go on at a place. */
  Completion complete(String code, int cursor) {
    return ask(code, cursor, true, found -> completion(code, cursor, found))
        .orElse(Completion.none(cursor));
  }

  /**
   * Returns what a name means.
   *
   * @param end offset after the name
   * @param detailed whether to list members
   */
  Optional<Meaning> meaning(String code, int end, boolean detailed) {
    Optional<Meaning> meaning =
        ask(code, end, true, found -> meaning(code, end, detailed, found)).flatMap(m -> m);
    // What follows may be too unfinished to make anything of it.
    return meaning.isPresent()
        ? meaning
        : ask(code, end, false, found -> meaning(code, end, detailed, found)).flatMap(m -> m);
  }

  private <T> Optional<T> ask(
      String code, int cursor, boolean withRest, Function<Found, T> question) {
    try {
      return answer(code, cursor, withRest, question);
    } catch (Throwable e) {
      // What it was in the midst of could bring every later question into trouble too.
      close();
      throw e;
    }
  }

  private <T> Optional<T> answer(
      String code, int cursor, boolean withRest, Function<Found, T> question) {
    Global global = global();
    enterNewPackages(global);
    int rest = cursor;
    while (rest < code.length() && Character.isJavaIdentifierPart(code.charAt(rest))) {
      rest++;
    }
    String text = code.substring(0, cursor) + CURSOR + " " + (withRest ? code.substring(rest) : "");
    String before =
        "package polybius"
            + questions
            + "\nclass Cell extends _root_.java.io.Serializable {\n"
            + scope.imports(beginnings(code, cursor))
            + "class Code extends _root_.java.io.Serializable {\n";
    Object source =
        calls.call(
            calls.call(global, "newCompilationUnit", before + text + "\n}\n}\n", "<question>"),
            "source");
    Object unit =
        newInner(
            "scala.tools.nsc.interactive.RichCompilationUnits$RichCompilationUnit", global, source);
    Object file = calls.call(source, "file");
    Object units = calls.call(global, "unitOfFile");
    calls.call(calls.call(global, "reporter"), "reset");
    calls.call(units, "put", file, unit);
    try {
      withoutComplaints(
          global,
          () -> {
            calls.call(
                global,
                "enteringTyper",
                new AbstractFunction0<Object>() {
                  @Override
                  public Object apply() {
                    calls.call(global, "typeCheck", unit);
                    return BoxedUnit.UNIT;
                  }
                });
          });
      Object result =
          calls.call(
              global, "completionsAt", calls.call(source, "position", before.length() + cursor));
      if (result.getClass().getName().endsWith("NoResults$")) {
        return Optional.empty();
      }
      return Optional.of(
          question.apply(
              new Found(
                  calls.list(result, "matchingResults", ANY_NAME),
                  cursor - (int) calls.call(result, "positionDelta"),
                  result.getClass().getName().endsWith("ScopeMembers"),
                  calls.is(calls.call(result, "name"), "isTypeName"))));
    } finally {
      calls.call(units, "remove", file);
    }
  }

  /** The parser must not mend braces: what stands around the text is not written like a program. */
  private void withoutComplaints(Global global, Runnable work) {
    calls.call(
        calls.call(calls.call(global, "currentRun"), "parsing"),
        "withIncompleteHandler",
        new AbstractFunction2<Object, Object, BoxedUnit>() {
          @Override
          public BoxedUnit apply(Object position, Object message) {
            return BoxedUnit.UNIT;
          }
        },
        new AbstractFunction0<Object>() {
          @Override
          public Object apply() {
            work.run();
            return BoxedUnit.UNIT;
          }
        });
  }

  /** A compiler lists the packages that there are when it starts. */
  private void enterNewPackages(Global global) {
    if (newPackages.isEmpty()) {
      return;
    }
    Object loaders = calls.call(global, "loaders");
    Object root = calls.call(calls.call(global, "rootMirror"), "RootClass");
    for (String name : newPackages) {
      calls.call(
          loaders,
          "enterPackage",
          root,
          name,
          newInner(
              "scala.tools.nsc.symtab.SymbolLoaders$PackageLoader",
              loaders,
              name,
              calls.call(global, "classPath")));
    }
    newPackages.clear();
  }

  private static Object newInner(String className, Object... arguments) {
    try {
      for (Constructor<?> constructor : Class.forName(className).getConstructors()) {
        if (constructor.getParameterCount() == arguments.length) {
          return constructor.newInstance(arguments);
        }
      }
      throw new IllegalStateException("this Scala's " + className + " is made in another way");
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Scala has no " + className, e);
    }
  }

  /** Returns the beginnings of the names that a text mentions. */
  private static Set<String> beginnings(String code, int cursor) {
    Set<String> beginnings = new HashSet<>();
    int start = startOfName(code, cursor);
    if (start == cursor && !code.substring(0, cursor).stripTrailing().endsWith(".")) {
      beginnings.add("");
    }
    Matcher matcher = IDENTIFIER.matcher(code);
    while (matcher.find()) {
      boolean atCursor = matcher.start() < cursor && cursor <= matcher.end();
      beginnings.add(atCursor ? code.substring(matcher.start(), cursor) : matcher.group());
    }
    return beginnings;
  }

  private static int startOfName(String code, int cursor) {
    int start = cursor;
    while (start > 0 && Character.isJavaIdentifierPart(code.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private Completion completion(String code, int cursor, Found found) {
    String typed = code.substring(found.start(), cursor);
    List<Candidate> candidates = candidates(found, typed, name -> name.startsWith(typed));
    if (candidates.isEmpty() && !typed.isEmpty()) {
      candidates = candidates(found, typed, humps(typed).asMatchPredicate());
    }
    if (found.inScope() && !typed.isEmpty()) {
      candidates.addAll(
          KEYWORDS.stream()
              .filter(keyword -> keyword.startsWith(typed))
              .map(keyword -> new Candidate(keyword, "keyword", ""))
              .toList());
    }
    return new Completion(candidates, found.start(), cursor);
  }

  private List<Candidate> candidates(Found found, String typed, Predicate<String> wanted) {
    Map<String, List<Object>> byName = new TreeMap<>();
    for (Object member : found.members()) {
      String name = nameOf(member);
      if (wanted.test(name) && !name.endsWith(CURSOR) && !isHidden(member, found, typed)) {
        byName.computeIfAbsent(name, key -> new ArrayList<>()).add(member);
      }
    }
    List<Candidate> candidates = new ArrayList<>();
    byName.forEach((name, members) -> candidates.add(candidate(name, members, found.isType())));
    return candidates;
  }

  private Candidate candidate(String name, List<Object> members, boolean asType) {
    Optional<Object> type =
        members.stream()
            .map(member -> calls.call(member, "sym"))
            .filter(symbol -> !calls.is(symbol, "isTerm"))
            .findFirst();
    if (asType && type.isPresent()) {
      return new Candidate(name, typeOf(type.get()), "");
    }
    List<String> signatures =
        withoutAdded(members).stream()
            .map(this::signature)
            .filter(signature -> !signature.isEmpty())
            .distinct()
            .toList();
    String more = signatures.size() > 1 ? " (and " + (signatures.size() - 1) + " more)" : "";
    return new Candidate(
        name,
        typeOf(calls.call(members.get(0), "sym")),
        signatures.isEmpty() ? "" : signatures.get(0) + more);
  }

  private String signature(Object member) {
    Object symbol = calls.call(member, "sym");
    return calls.is(symbol, "isTerm") && !isModule(symbol)
        ? readable(calls.text(symbol, "infoString", calls.call(member, "tpe"))).strip()
        : "";
  }

  /** Leaves out what conversions add, if something is there without them, which hides it. */
  private List<Object> withoutAdded(List<Object> members) {
    List<Object> own =
        members.stream().filter(member -> !calls.is(member, "implicitlyAdded")).toList();
    return own.isEmpty() ? members : own;
  }

  /** Returns what a symbol is, in the words of Jupyter's clients. */
  private String typeOf(Object symbol) {
    if (isModule(symbol)) {
      return "module";
    } else if (!calls.is(symbol, "isTerm")) {
      return "class";
    }
    return calls.is(symbol, "isMethod") && !calls.is(symbol, "isAccessor")
        ? "function"
        : "instance";
  }

  private boolean isModule(Object symbol) {
    return calls.is(symbol, "isModule") || calls.is(symbol, "hasPackageFlag");
  }

  /** What every object has is offered only to those who begin to write it. */
  private boolean isHidden(Object member, Found found, String typed) {
    Object definitions = calls.call(compiler.orElseThrow(), "definitions");
    boolean universal = calls.is(definitions, "isUniversalMember", calls.call(member, "sym"));
    if (found.inScope()) {
      return universal;
    }
    return typed.isEmpty() && (universal || isAddedToEverything(member));
  }

  private boolean isAddedToEverything(Object member) {
    if (!calls.is(member, "implicitlyAdded") || !calls.has(member, "viaView")) {
      return false;
    }
    List<Object> parameters =
        calls.list(calls.call(calls.call(member, "viaView"), "info"), "params");
    return !parameters.isEmpty()
        && calls.is(calls.call(calls.call(parameters.get(0), "info"), "bounds"), "isEmptyBounds");
  }

  private String nameOf(Object member) {
    return calls.text(calls.call(member, "symNameDropLocal"), "decoded");
  }

  /** Matches names of which only the beginnings of their words were written. */
  private static Pattern humps(String typed) {
    StringBuilder pattern = new StringBuilder();
    for (int i = 0; i < typed.length(); i++) {
      String letter = typed.substring(i, i + 1);
      if (i > 0 && letter.equals(letter.toUpperCase(Locale.ROOT))) {
        pattern.append("[^\\p{Lu}]*");
      }
      pattern.append(Pattern.quote(letter));
    }
    return Pattern.compile(pattern + ".*");
  }

  private Optional<Meaning> meaning(String code, int end, boolean detailed, Found found) {
    String name = code.substring(found.start(), end);
    List<Object> members =
        withoutAdded(
            found.members().stream().filter(member -> nameOf(member).equals(name)).toList());
    if (members.isEmpty()) {
      return Optional.empty();
    }
    Set<String> declarations = new LinkedHashSet<>();
    Set<String> listed = new LinkedHashSet<>();
    for (Object member : members) {
      Object symbol = calls.call(member, "sym");
      declarations.add(declaration(symbol, calls.call(member, "tpe")));
      if (isModule(symbol)) {
        Object companion = calls.call(symbol, "companionClass");
        declarations.addAll(constructors(companion));
        declarations.addAll(
            declarations(symbol, symbolsNamed(calls.call(symbol, "info"), "apply")));
      } else if (!calls.is(symbol, "isTerm")) {
        declarations.addAll(constructors(symbol));
      }
      if (detailed) {
        listed.addAll(members(calls.call(calls.call(member, "tpe"), "finalResultType")));
      }
    }
    Object symbol = calls.call(members.get(0), "sym");
    String owner = calls.text(calls.call(symbol, "owner"), "fullName");
    boolean ofSession = owner.startsWith(SESSION);
    return Optional.of(
        new Meaning(
            List.copyOf(declarations),
            ofSession || owner.startsWith("polybius") || owner.equals("<none>") ? "" : owner,
            listed.stream().sorted().toList(),
            ofSession && typeOf(symbol).equals("instance") && !isLazy(symbol)));
  }

  private boolean isLazy(Object symbol) {
    return calls.is(symbol, "isLazy")
        || calls.is(calls.call(symbol, "getterIn", calls.call(symbol, "owner")), "isLazy");
  }

  private String declaration(Object symbol, Object type) {
    return readable(calls.text(calls.call(symbol, "sugaredSymbolOrSelf"), "defStringSeenAs", type));
  }

  private List<String> declarations(Object owner, List<Object> symbols) {
    Object prefix = calls.call(owner, "tpe");
    return symbols.stream()
        .map(symbol -> declaration(symbol, calls.call(prefix, "memberType", symbol)))
        .toList();
  }

  private List<String> constructors(Object classSymbol) {
    if (!calls.is(classSymbol, "isClass") || calls.is(classSymbol, "isTrait")) {
      return List.of();
    }
    String name = calls.text(calls.call(classSymbol, "name"), "decoded");
    return declarations(classSymbol, symbolsNamed(calls.call(classSymbol, "info"), "<init>"))
        .stream()
        .map(line -> line.replaceFirst("^.*?\\bdef (?:<init>|this)", "new " + name))
        .map(line -> line.replaceFirst(": [^:()]*$", ""))
        .toList();
  }

  private List<Object> symbolsNamed(Object type, String name) {
    Object found =
        calls.call(type, "member", calls.call(compiler.orElseThrow(), "newTermName", name));
    return calls.list(found, "alternatives").stream()
        .filter(symbol -> calls.is(symbol, "exists"))
        .toList();
  }

  private List<String> members(Object type) {
    Object definitions = calls.call(compiler.orElseThrow(), "definitions");
    return calls.list(type, "members").stream()
        .filter(symbol -> calls.is(symbol, "isPublic") && calls.is(symbol, "isTerm"))
        .filter(symbol -> !calls.is(symbol, "isConstructor"))
        .filter(symbol -> !calls.is(definitions, "isUniversalMember", symbol))
        .filter(symbol -> !calls.text(symbol, "name").contains("$"))
        .map(symbol -> declaration(symbol, calls.call(type, "memberType", symbol)))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static String readable(String declaration) {
    return NAMELESS_PARAMETER
        .matcher(WRAPPER.matcher(declaration).replaceAll(""))
        .replaceAll("")
        .replace(CURSOR, "")
        .replaceAll(",(?=\\S)", ", ");
  }
}
