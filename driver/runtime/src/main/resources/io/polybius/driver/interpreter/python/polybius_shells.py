"""The shells that run the user's code: IPython's where there is one, else Python as it is."""

import ast
import builtins
import codeop
import os
import re
import sys
import traceback
import types
import warnings

from polybius_values import forms_by_methods, safe_repr

CELL = "<cell>"
OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))


USAGE = "%matplot takes what has a figure: plt, or the name of a figure"


class UsageError(Exception):
    """A magic is written wrongly."""


class Failure(Exception):
    """What the user's code has ended in."""

    def __init__(self, name, message, lines, shown):
        super().__init__(message)
        self.name = name
        self.message = message
        self.lines = lines
        self.shown = shown


def failure(error, shown):
    """Returns what Livy and IPython say of an error."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own(frame)]
    while frames and os.path.join("asyncio", "") in frames[0].filename:
        # Top-level await runs in an event loop.
        del frames[0]
    last = traceback.format_exception_only(type(error), error)
    head = [] if isinstance(error, SyntaxError) else ["Traceback (most recent call last):\n"]
    # Livy's clients do not see the frame of the statement itself.
    lines = single_lines(head + (traceback.format_list(frames[1:]) if head else []) + last)
    if shown is None:
        shown = single_lines(head + (traceback.format_list(frames) if head else []) + last)
    return Failure(type(error).__name__, message_of(error), lines, shown)


def message_of(error):
    try:
        return str(error)
    except Exception:
        return "<exception str() failed>"


def is_own(frame):
    """Returns whether a frame is of what runs the user's code, and not of that code."""
    return frame.filename.startswith((OWN_FOLDER, "<frozen")) or os.path.join("IPython", "core") in frame.filename


def single_lines(texts):
    return [part for text in texts for part in text.rstrip("\n").split("\n")]


class Shell:
    """Python as it is, without IPython."""

    def __init__(self, driver, namespace):
        self.driver = driver
        self.namespace = namespace
        self.compiler = codeop.Compile()
        sys.displayhook = self.show_value
        namespace["display"] = self.display
        namespace["exit"] = namespace["quit"] = self.leave
        namespace["matplot"] = self.matplot

    def matplot(self, *values):
        """Show a figure of matplotlib."""
        if len(values) != 1:
            raise UsageError(USAGE)
        self.driver.figures.show(*values)

    @staticmethod
    def leave(*code):
        """Ends the statement, as an exit that nobody catches does; the session stays."""
        raise SystemExit(*code)

    def display(self, *values):
        for value in values:
            data = self.form(value)
            data.setdefault("text/plain", safe_repr(value))
            self.driver.display(data, "", False)

    def show_value(self, value):
        if value is None:
            return
        builtins._ = value
        self.driver.value(value)

    def run(self, code):
        import linecache

        code = re.sub(r"(?m)^%matplot\b[ \t]*(.*)$", r"matplot(\1)", code)
        linecache.cache[CELL] = (len(code), None, code.splitlines(True), CELL)
        try:
            tree = ast.parse(code, CELL)
            for node in tree.body:
                if isinstance(node, ast.Expr) and node is tree.body[-1]:
                    compiled = self.compile(ast.Interactive([node]), "single")
                else:
                    compiled = self.compile(ast.Module([node], []), "exec")
                self.execute(compiled)
        except BaseException as e:  # noqa: B902 - also SystemExit and KeyboardInterrupt are the user's
            raise failure(e, None) from None

    def compile(self, tree, mode):
        flags = self.compiler.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return compile(tree, CELL, mode, flags, dont_inherit=True)

    def execute(self, compiled):
        if compiled.co_flags & 0x80:  # a coroutine, because there is an await at the top level
            import asyncio

            asyncio.run(types.FunctionType(compiled, self.namespace)())
        else:
            exec(compiled, self.namespace)

    def evaluate(self, code):
        try:
            return eval(compile(code, CELL, "eval"), self.namespace)
        except BaseException as e:  # noqa: B902
            raise failure(e, None) from None

    def completeness(self, code):
        try:
            compiled = codeop.compile_command(code, CELL, "exec")
        except (SyntaxError, OverflowError, ValueError):
            return "invalid", ""
        if compiled is None:
            return "incomplete", indentation(code)
        return "complete", ""

    def complete(self, code, cursor):
        import rlcompleter

        start = cursor
        while start > 0 and (code[start - 1].isalnum() or code[start - 1] in "_."):
            start -= 1
        word = code[start:cursor]
        found = rlcompleter.Completer(self.namespace)
        names = []
        while word and len(names) < 500:
            name = found.complete(word, len(names))
            if name is None:
                break
            names.append(name)
        return [(name.rstrip("("), "", "") for name in dict.fromkeys(names)], start, cursor

    def inspect(self, name, detailed):
        import pydoc

        value = find(self.namespace, name)
        text = pydoc.render_doc(value, renderer=pydoc.plaintext) if detailed else short_help(name, value)
        return {"text/plain": text}

    def has_magic(self, name, form):
        return form == "line" and name == "matplot"

    def magics(self):
        return {"line": ["matplot"], "cell": []}

    def form(self, value):
        return forms_by_methods(value)


class IPythonShell(Shell):
    """IPython's shell: its magics, its tracebacks, its forms of values."""

    def __init__(self, driver, namespace):
        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.error import UsageError
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.core.autocall import IPyAutocall

        class Exit(IPyAutocall):
            """A way out that needs no parentheses."""

            rewrite = False

            def __call__(self, *code):
                Shell.leave(*code)

        class Hook(DisplayHook):
            def __call__(self, result=None):
                self.check_for_underscore()
                if result is None or self.quiet():
                    return
                self.fill_exec_result(result)
                self.update_user_ns(result)
                driver.value(result)

        class Publisher(DisplayPublisher):
            def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **ignored):
                driver.display(data, (transient or {}).get("display_id", ""), update)

            def clear_output(self, wait=False):
                driver.clear(wait)

        class Terminal(InteractiveShell):
            displayhook_class = Hook
            display_pub_class = Publisher

            def enable_gui(self, gui=None):
                pass

            def _format_exception_for_storage(self, exception, *arguments, **options):
                # It fails, and the statement with it, if the text of the error cannot be had.
                return {"ename": type(exception).__name__, "evalue": message_of(exception), "traceback": []}

            def _showtraceback(self, etype, evalue, stb):
                self.traceback_lines = stb

        self.driver = driver
        self.usage_error = UsageError
        self.shell = Terminal.instance(user_ns=namespace, user_module=None)
        self.namespace = self.shell.user_ns
        self.shell.traceback_lines = []
        # The history of all sessions would be written into one file.
        self.shell.history_manager.enabled = False
        self.shell.set_hook("show_in_pager", self.page, 99)
        self.shell.Completer.use_jedi = True
        # Nobody is at a terminal that he could leave.
        warnings.filterwarnings("ignore", message="To exit: use")
        self.shell.register_magic_function(self.matplot, "line", "matplot")
        for name in ("exit", "quit"):
            self.namespace[name] = Exit(self.shell)

    def matplot(self, line):
        """Show a figure of matplotlib: %matplot plt, or the name of a figure."""
        try:
            value = self.shell.ev(line.strip())
        except SyntaxError:
            raise self.usage_error(USAGE) from None
        self.driver.figures.show(value)

    def page(self, shell, data, start, screen_lines):
        self.driver.page(data if isinstance(data, dict) else {"text/plain": data})

    def run(self, code):
        self.shell.traceback_lines = []
        result = self.shell.run_cell(code, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            shown = "\n".join(self.shell.traceback_lines)
            raise failure(error, shown.split("\n") if shown else None)

    def evaluate(self, code):
        try:
            return self.shell.ev(code)
        except BaseException as e:  # noqa: B902
            raise failure(e, None) from None

    def completeness(self, code):
        status, indent = self.shell.check_complete(code)
        return status, indent or ""

    def complete(self, code, cursor):
        from IPython.core.completer import provisionalcompleter, rectify_completions

        with provisionalcompleter():
            found = list(rectify_completions(code, self.shell.Completer.completions(code, cursor)))
        if not found:
            return [], cursor, cursor
        candidates = [(each.text, each.type or "", each.signature or "") for each in found[:500]]
        return candidates, found[0].start, found[0].end

    def inspect(self, name, detailed):
        return self.shell.object_inspect_mime(name, detail_level=1 if detailed else 0)

    def has_magic(self, name, form):
        return self.shell.find_magic(name, form) is not None

    def magics(self):
        return {kind: sorted(found) for kind, found in self.shell.magics_manager.lsmagic().items()}

    def form(self, value):
        """Returns a value's forms; nothing if it has shown itself."""
        from IPython.utils.dir2 import get_real_method

        # It calls the methods of values that offer forms.
        data, _ = self.shell.display_formatter.format(value)
        if not data and get_real_method(value, "_ipython_display_"):
            return None
        return data


def indentation(code):
    last = code.rstrip("\n").rsplit("\n", 1)[-1]
    indent = last[: len(last) - len(last.lstrip())]
    return indent + "    " if last.rstrip().endswith(":") else indent


def find(namespace, name):
    first, *rest = name.split(".")
    value = namespace[first] if first in namespace else getattr(builtins, first)
    for attribute in rest:
        value = getattr(value, attribute)
    return value


def name_at(code, cursor):
    """Returns the name at the cursor, or before the parenthesis in which it stands."""
    names = list(re.finditer(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*", code))
    for name in names:
        if name.start() <= cursor <= name.end():
            return name.group()
    depth = 0
    for place in range(cursor - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(code[place], 0)
        if depth < 0:
            return next((name.group() for name in names if name.end() == place), "")
    return ""


def short_help(name, value):
    import inspect

    try:
        head = f"{name}{inspect.signature(value)}"
    except (TypeError, ValueError):
        head = f"{name}: {type(value).__name__}"
    return head + "\n" + (inspect.getdoc(value) or "")
