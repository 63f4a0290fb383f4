"""The Python of a session: runs what the driver asks for, in IPython's shell where there is one.

Everything goes through Py4J. The main thread takes one command after the other and runs it; a second thread answers
questions about code meanwhile. What is printed goes out through the process's own streams, so that the output of
C code and of child processes is there too; a mark in each stream tells the driver how far it has to read.
"""

import ast
import base64
import builtins
import codeop
import datetime
import decimal
import io
import json
import os
import signal
import sys
import threading
import time
import traceback
import types

MARK = os.environ.pop("POLYBIUS_MARK")
CELL = "<cell>"
MAX_DEPTH = 200

# What is larger does not leave this process: the driver, which would cut it too, might have no room for it.
MAX_TEXT = 1 << 20
MAX_FORM = 8 << 20
MAX_ANSWER = 32 << 20
MAX_LINE = 20_000

from py4j.protocol import Py4JJavaError  # noqa: E402
from pyspark import SparkConf, SparkContext  # noqa: E402
from pyspark.java_gateway import launch_gateway  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402


class Interrupts:
    """Lets SIGINT end the user's code, and nothing else: an answer of the driver that is half read would be lost."""

    PATIENCE = 5.0

    def __init__(self):
        self.allowed = False
        self.first = None

    def install(self):
        signal.signal(signal.SIGINT, self.handle)

    def begin(self):
        self.first = None
        self.allowed = True

    def end(self):
        self.allowed = False

    def handle(self, number, frame):
        if not self.allowed:
            return
        now = time.monotonic()
        self.first = self.first or now
        if self.in_call(frame) and now - self.first < self.PATIENCE:
            # The driver has cancelled the job, so the call returns soon; the signal comes again.
            return
        raise KeyboardInterrupt

    @staticmethod
    def in_call(frame):
        while frame is not None:
            if frame.f_code.co_name == "send_command" and "py4j" in frame.f_code.co_filename:
                return True
            frame = frame.f_back
        return False


class Failure(Exception):
    """What the user's code has ended in."""

    def __init__(self, name, message, lines, shown):
        super().__init__(message)
        self.name = name
        self.message = message
        self.lines = lines
        self.shown = shown


class Shell:
    """Python as it is, without IPython."""

    name = "Python"

    def __init__(self, driver, namespace):
        self.driver = driver
        self.namespace = namespace
        self.compiler = codeop.Compile()
        sys.displayhook = self.show_value

    def show_value(self, value):
        if value is None:
            return
        builtins._ = value
        self.driver.value(value)

    def run(self, code):
        import linecache

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

    def has_magic(self, name):
        return False

    def form(self, value):
        return forms_by_methods(value)


class IPythonShell(Shell):
    """IPython's shell: its magics, its tracebacks, its forms of values."""

    name = "IPython"

    def __init__(self, driver, namespace):
        from IPython.core.displayhook import DisplayHook
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell

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

            def _showtraceback(self, etype, evalue, stb):
                self.traceback_lines = stb

        self.driver = driver
        self.shell = Terminal.instance(user_ns=namespace, user_module=None)
        self.namespace = self.shell.user_ns
        self.shell.traceback_lines = []
        # The history of all sessions would be written into one file.
        self.shell.history_manager.enabled = False
        self.shell.set_hook("show_in_pager", self.page, 99)
        self.shell.Completer.use_jedi = True

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

    def has_magic(self, name):
        return self.shell.find_magic(name) is not None

    def form(self, value):
        data, _ = self.shell.display_formatter.format(value)
        return {**forms_by_methods(value), **data}


class Driver:
    """The way to the driver: what a statement puts out, and what it asks."""

    def __init__(self, entry):
        self.entry = entry
        self.marks = 0
        self.shell = None
        self.wants_rich_value = False

    def sync(self):
        """Marks both streams, and returns the number of the mark, up to which the driver reads first."""
        sys.stdout.flush()
        sys.stderr.flush()
        self.marks += 1
        mark = f"{MARK}{self.marks}\n".encode()
        for descriptor in (1, 2):
            os.write(descriptor, mark)
        return self.marks

    def put(self, kind, **what):
        self.entry.put(self.sync(), kind, json.dumps(what))

    def value(self, value):
        text = cut(safe_repr(value), MAX_TEXT)
        if isinstance(value, DataFrame):
            self.entry.frame(value._jdf)
            if self.wants_rich_value:
                self.put("frame", text=text)
                return
        data = {}
        if self.wants_rich_value:
            try:
                data = self.shell.form(value)
            except Exception:
                data = {}
        data.setdefault("text/plain", text)
        self.put("value", echo=text, data=texts(data))

    def display(self, data, display_id, update):
        self.put("update" if update else "display", data=texts(data), id=display_id or "")

    def clear(self, wait):
        self.put("clear", wait=bool(wait))

    def page(self, data):
        self.put("page", data=texts(data))

    def ask(self, prompt="", password=False):
        try:
            answer = self.entry.ask(self.sync(), str(prompt), password)
        except Py4JJavaError as e:
            if e.java_exception.getClass().getSimpleName() == "CancellationException":
                raise KeyboardInterrupt from None
            raise EOFError(e.java_exception.getMessage()) from None
        if answer is None:
            raise EOFError("The client gives no input.")
        return answer


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
    import re

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


def safe_repr(value):
    try:
        return repr(value)
    except Exception as e:
        return f"<{type(value).__name__} whose repr() fails with {type(e).__name__}: {e}>"


METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
}


def forms_by_methods(value):
    """Returns the forms that a value offers by the methods that IPython calls."""
    if isinstance(value, type):
        return {}
    data = {}
    for method, mime_type in METHODS.items():
        form = getattr(value, method, None)
        form = form() if callable(form) else None
        if isinstance(form, tuple):
            form = form[0]
        if form is not None:
            data[mime_type] = form
    bundle = getattr(value, "_repr_mimebundle_", None)
    if callable(bundle):
        more = bundle()
        data.update(more[0] if isinstance(more, tuple) else more or {})
    return data


def texts(data):
    """Returns the forms as the driver wants them: JSON as its text, pictures in base 64."""
    form = {}
    for mime_type, value in data.items():
        if isinstance(value, bytes):
            text = base64.b64encode(value).decode("ascii")
        elif mime_type == "application/json" or mime_type.endswith("+json"):
            text = json.dumps(value)
        else:
            text = str(value)
        if mime_type == "text/plain":
            form[mime_type] = cut(text, MAX_TEXT)
        elif len(text) <= MAX_FORM:
            form[mime_type] = text
        else:
            note = f"[{mime_type} of {len(text):,} characters was left out: a form has at most {MAX_FORM:,}.]"
            print(note, file=sys.stderr)
    return form


def cut(text, limit):
    return text if len(text) <= limit else text[:limit] + f"... ({len(text) - limit:,} more characters)"


def failure(error, shown):
    """Returns what Livy and IPython say of an error; without the frames of this file."""
    name = type(error).__name__
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    if isinstance(error, SyntaxError):
        lines = traceback.format_exception_only(type(error), error)
    else:
        kept = [
            frame
            for frame in traceback.extract_tb(frames)
            if frame.filename != __file__ and not frame.filename.startswith("<frozen")
        ]
        lines = ["Traceback (most recent call last):\n"]
        lines += traceback.format_list(kept)
        lines += traceback.format_exception_only(type(error), error)
    lines = [part for line in lines for part in line.rstrip("\n").split("\n")]
    try:
        message = str(error)
    except Exception:
        message = ""
    return Failure(name, message, lines, shown or lines)


def plain(value, rows, seen=(), depth=0):
    """Returns a value as the driver reads it: a list of a letter for its type, and its content."""
    if value is None:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return ["i", str(int(value))]
    if isinstance(value, float):
        return ["f", repr(float(value))]
    if isinstance(value, str):
        return ["s", str(value)]
    if isinstance(value, decimal.Decimal):
        return ["s", str(value)] if not value.is_finite() else ["d", str(value)]
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return ["l", value.isoformat()]
        return ["t", value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat() + "Z"]
    if isinstance(value, datetime.date):
        return ["a", value.isoformat()]
    if isinstance(value, (bytes, bytearray)):
        return ["b", base64.b64encode(bytes(value)).decode("ascii")]
    if id(value) in seen:
        raise ValueError("the value contains itself")
    if depth > MAX_DEPTH:
        raise ValueError(f"the value is nested more than {MAX_DEPTH} levels deep")
    inside = (*seen, id(value))
    return nested(value, rows, lambda each: plain(each, rows, inside, depth + 1))


def nested(value, rows, convert):
    import collections.abc
    import dataclasses

    fields = getattr(value, "__fields__", None)
    if isinstance(value, tuple) and fields is not None:  # a Row of Spark
        return ["m", [[name, convert(each)] for name, each in zip(fields, value)]]
    if isinstance(value, collections.abc.Mapping):
        return ["m", [[key_text(key), convert(each)] for key, each in value.items()]]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return ["m", [[field.name, convert(getattr(value, field.name))] for field in dataclasses.fields(value)]]
    if hasattr(value, "_asdict"):
        return ["m", [[name, convert(each)] for name, each in value._asdict().items()]]
    module = type(value).__module__.partition(".")[0]
    if module == "pandas":
        return of_pandas(value, rows, convert)
    if module == "pyarrow" and hasattr(value, "to_pylist"):
        cut = value.slice(0, rows) if hasattr(value, "slice") else value
        return sequence([convert(each) for each in cut.to_pylist()], len(value) > rows)
    if module == "numpy":
        return convert(value.tolist())
    if isinstance(value, (collections.abc.Sequence, collections.abc.Set)):
        return sequence([convert(each) for each in value], False)
    if hasattr(value, "take") and hasattr(value, "getNumPartitions"):  # an RDD
        first = value.take(rows + 1)
        return sequence([convert(each) for each in first[:rows]], len(first) > rows)
    raise ValueError(f"a value of the class {type(value).__name__} has no plain form")


def key_text(key):
    return key if isinstance(key, str) else str(key)


def sequence(items, more):
    return ["q", items, more]


def of_pandas(value, rows, convert):
    import pandas

    if isinstance(value, pandas.DataFrame):
        cut = value.iloc[:rows]
        names = [str(name) for name in cut.columns]
        columns = [
            [missing_as_none(each, convert) for each in cut.iloc[:, number].tolist()] for number in range(len(names))
        ]
        kinds = [pandas_type(value.dtypes.iloc[number]) for number in range(len(names))]
        return ["p", [[name, kind] for name, kind in zip(names, kinds)], list(map(list, zip(*columns))), len(value) > rows]
    if isinstance(value, (pandas.Series, pandas.Index)):
        cut = value[:rows]
        return sequence([missing_as_none(each, convert) for each in cut.tolist()], len(value) > rows)
    if value is pandas.NaT or value is pandas.NA:
        return None
    raise ValueError(f"a value of the class {type(value).__name__} has no plain form")


def missing_as_none(value, convert):
    import pandas

    return None if value is pandas.NaT or value is pandas.NA else convert(value)


def pandas_type(dtype):
    """Returns the name of Spark's type for a column; what is in it else is shown as text."""
    name = str(dtype).lower()
    for prefix, spark_type in (
        ("bool", "boolean"),
        ("int", "long"),
        ("uint", "long"),
        ("float", "double"),
        ("datetime64[ns, ", "timestamp"),
        ("datetime64", "timestamp_ntz"),
    ):
        if name.startswith(prefix):
            return spark_type
    return "string"


class Session:
    """The driver's Spark for the user, and the loops that serve the driver."""

    def __init__(self):
        gateway = launch_gateway()
        self.gateway = gateway
        entry = gateway.entry_point
        self.driver = Driver(entry)
        self.interrupts = Interrupts()
        java_context = entry.context()
        configuration = SparkConf(_jvm=gateway.jvm, _jconf=java_context.getConf())
        context = SparkContext(gateway=gateway, jsc=java_context, conf=configuration)
        spark = SparkSession(context, entry.session())
        namespace = {"__name__": "__main__", "__builtins__": builtins, "spark": spark, "sc": context}
        namespace["sqlContext"] = self.sql_context(context, spark)
        module = types.ModuleType("__main__")
        module.__dict__.update(namespace)
        sys.modules["__main__"] = module
        builtins.input = self.driver.ask
        self.replace_getpass()
        os.environ.setdefault("MPLBACKEND", "agg")
        try:
            self.shell = IPythonShell(self.driver, module.__dict__)
        except ImportError:
            self.shell = Shell(self.driver, module.__dict__)
            module.__dict__["display"] = self.display
        self.driver.shell = self.shell
        self.interrupts.install()

    @staticmethod
    def sql_context(context, spark):
        import warnings

        from pyspark.sql import SQLContext

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SQLContext(context, spark)

    def replace_getpass(self):
        import getpass

        getpass.getpass = lambda prompt="Password: ", stream=None: self.driver.ask(prompt, True)

    def display(self, *values):
        for value in values:
            data = self.shell.form(value)
            data.setdefault("text/plain", safe_repr(value))
            self.driver.display(data, "", False)

    def serve(self):
        threading.Thread(target=self.answer_all, name="questions", daemon=True).start()
        while True:
            text = self.driver.entry.take()
            if text is None:
                return
            command = json.loads(text)
            try:
                answer = self.obey(command)
            except Failure as e:
                lines = [cut(line, MAX_LINE) for line in e.lines]
                shown = [cut(line, MAX_LINE) for line in e.shown] if e.shown else e.shown
                message = cut(e.message, MAX_LINE)
                answer = {"error": {"name": e.name, "message": message, "lines": lines, "shown": shown}}
            except KeyboardInterrupt:
                answer = {"error": {"name": "KeyboardInterrupt", "message": "", "lines": [], "shown": []}}
            text = json.dumps(answer)
            if len(text) > MAX_ANSWER:
                text = json.dumps({"refused": f"the value takes more than {MAX_ANSWER:,} characters; ask for fewer rows"})
            self.driver.entry.done(self.driver.sync(), text)

    def obey(self, command):
        self.driver.wants_rich_value = command.get("rich", False)
        self.interrupts.begin()
        try:
            if command["do"] == "run":
                self.run(command["code"])
                return {}
            if command["do"] == "evaluate":
                value = self.shell.evaluate(command["code"])
                data = self.shell.form(value) if command["rich"] else {}
                data.setdefault("text/plain", safe_repr(value))
                return {"data": texts(data)}
            return self.value(command["name"], command["rows"])
        finally:
            self.interrupts.end()

    def run(self, code):
        try:
            self.shell.run(code)
        finally:
            self.show_figures()

    def value(self, name, rows):
        try:
            value = find(self.shell.namespace, name)
        except (AttributeError, KeyError):
            return {"missing": True}
        if isinstance(value, DataFrame):
            self.driver.entry.frame(value._jdf)
            return {"frame": True}
        try:
            return {"plain": plain(value, rows)}
        except (ValueError, TypeError, OverflowError, RecursionError) as e:
            return {"refused": str(e)}

    def show_figures(self):
        """Shows what was drawn with matplotlib and not shown yet."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            picture = io.BytesIO()
            figure.savefig(picture, format="png", bbox_inches="tight")
            self.driver.display({"image/png": picture.getvalue(), "text/plain": repr(figure)}, "", False)
        pyplot.close("all")

    def answer_all(self):
        while True:
            text = self.driver.entry.takeQuestion()
            if text is None:
                return
            question = json.loads(text)
            try:
                answer = self.answer(question)
            except Exception as e:
                answer = {"failed": f"{type(e).__name__}: {e}"}
            self.driver.entry.answer(question["id"], json.dumps(answer))

    def answer(self, question):
        if question["do"] == "completeness":
            status, indent = self.shell.completeness(question["code"])
            return {"status": status, "indent": indent}
        if question["do"] == "magic":
            return {"known": self.shell.has_magic(question["name"])}
        if question["do"] == "complete":
            candidates, start, end = self.shell.complete(question["code"], question["cursor"])
            return {"candidates": candidates, "start": start, "end": end}
        try:
            name = name_at(question["code"], question["cursor"])
            return {"data": texts(self.shell.inspect(name, question["detailed"])) if name else {}}
        except (AttributeError, KeyError):
            return {"data": {}}


def end_with_the_driver():
    """The driver holds the other end of the standard input, which the user's code does not get."""
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.set_inheritable(lifeline, False)

    def watch():
        while os.read(lifeline, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


if __name__ == "__main__":
    end_with_the_driver()
    sys.stdout.reconfigure(line_buffering=True)
    session = Session()
    session.driver.entry.ready(f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}", session.shell.name)
    session.serve()
