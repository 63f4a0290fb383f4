"""The Python of a session: runs what the driver asks for.

Everything goes through Py4J. The main thread takes one command after the other and runs it; a second thread answers
questions about code meanwhile, a third handles what front ends tell comms, a fourth starts jobs. What is printed goes out through the
process's own streams, so that the output of C code and of child processes is there too; a mark in each stream tells
the driver how far it has to read.
"""

import builtins
import json
import keyword
import os
import signal
import subprocess
import sys
import threading
import time
import types
import warnings

MARK = os.environ.pop("POLYBIUS_MARK")
PROGRAM = os.environ.pop("POLYBIUS_PROGRAM")
# As many as of a DataFrame of Spark.
SHOWN_ROWS = 20
REMEDY = "Set spark.pyspark.python and spark.pyspark.driver.python so that both are the same version."

from polybius_comms import Bridge  # noqa: E402
from polybius_figures import Figures  # noqa: E402
from polybius_frames import is_arrow_table  # noqa: E402
from polybius_jobs import Jobs  # noqa: E402
from polybius_kernel import Kernel, SharedObjects  # noqa: E402
from polybius_shells import Failure, IPythonShell, Shell, failure, find, name_at  # noqa: E402
from polybius_streams import Streams  # noqa: E402
from polybius_values import (  # noqa: E402
    MAX_ANSWER,
    MAX_LINE,
    MAX_TEXT,
    plain,
    safe_repr,
    shortened,
    spark_frame,
    texts,
)
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


class Driver:
    """The way to the driver: what a statement puts out, and what it asks."""

    def __init__(self, entry):
        self.entry = entry
        self.process = os.getpid()
        self.streams = Streams()
        self.marks = 0
        self.figures = Figures(self)
        self.captures = []
        self.last_value = None
        self.shell = None
        self.wants_rich_value = False

    def sync(self):
        """Marks both streams, and returns the number of the mark, up to which the driver reads first."""
        self.streams.flush()
        self.marks += 1
        self.streams.write(f"{MARK}{self.marks}\n".encode())
        return self.marks

    def put(self, kind, **what):
        if not self.is_child():
            self.put_value()
            self.entry.put(self.sync(), kind, json.dumps(what))

    def put_value(self):
        if self.last_value is not None and not self.is_child():
            kind, what = self.last_value
            self.last_value = None
            self.entry.put(self.sync(), kind, json.dumps(what))

    def done(self, answer):
        """Says what has become of a command, and returns the next one."""
        kind, what = self.last_value or ("", None)
        self.last_value = None
        text = json.dumps(answer)
        if len(text) > MAX_ANSWER:
            text = json.dumps({"refused": f"the value takes more than {MAX_ANSWER:,} characters; ask for fewer rows"})
        return self.entry.done(self.sync(), text, kind, json.dumps(what))

    def is_child(self):
        """Returns whether the user's code has forked, and this is the child, with which the driver has no connection."""
        return os.getpid() != self.process

    def value(self, value):
        """Takes the value of a statement, which goes to the driver with the end of the statement."""
        self.put_value()
        text = shortened(safe_repr(value), MAX_TEXT)
        if isinstance(value, DataFrame) and not self.is_child():
            self.entry.frame(value._jdf)
            if self.wants_rich_value:
                self.last_value = ("frame", {"text": text})
                return
        if self.wants_rich_value and is_arrow_table(value):
            self.last_value = ("table", {"text": text, "table": plain(value, SHOWN_ROWS)})
            return
        data = {}
        if self.wants_rich_value:
            try:
                data = self.shell.form(value)
            except Exception:
                data = {}
            if data is None:
                return
        data.setdefault("text/plain", text)
        self.last_value = ("value", {"echo": text, "data": texts(data)})

    def display(self, data, display_id, update):
        if self.captures and not update:
            self.captures[-1].show(data)
        else:
            self.put("update" if update else "display", data=texts(data), id=display_id or "")

    def clear(self, wait):
        if self.captures:
            self.captures[-1].clear(wait)
        else:
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
        with warnings.catch_warnings():
            # PySpark itself takes only some of the addresses that Python files can have.
            warnings.simplefilter("ignore")
            context = SparkContext(gateway=gateway, jsc=java_context, conf=configuration)
        spark = SparkSession(context, entry.session())
        self.context = context
        self.add_python_files(context)
        namespace = {"__name__": "__main__", "__builtins__": builtins, "spark": spark, "sc": context}
        namespace["sqlContext"] = self.sql_context(context, spark)
        self.objects = SharedObjects(entry)
        self.kernel = namespace["kernel"] = Kernel(entry, context, spark, self.objects)
        self.jobs = Jobs(gateway, spark, namespace["sqlContext"], self.kernel, self.objects)
        module = types.ModuleType("__main__")
        module.__dict__.update(namespace)
        module.__polybius__ = self.driver
        sys.modules["__main__"] = module
        builtins.input = self.driver.ask
        self.replace_getpass()
        os.environ.setdefault("MPLBACKEND", "module://polybius_matplotlib")
        try:
            self.shell = IPythonShell(self.driver, module.__dict__)
        except ImportError:
            self.shell = Shell(self.driver, module.__dict__)
        self.driver.shell = self.shell
        try:
            self.comms = Bridge(self.driver)
        except ImportError:
            # Then nobody asks for comms.
            self.comms = None
        self.interrupts.install()

    @staticmethod
    def add_python_files(context):
        """Makes the session's Python files importable, also in its jobs."""
        for path in context.getConf().get("spark.submit.pyFiles", "").split(","):
            if path.strip():
                context.addPyFile(path.strip())

    @staticmethod
    def sql_context(context, spark):
        from pyspark.sql import SQLContext

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SQLContext(context, spark)

    def replace_getpass(self):
        import getpass

        getpass.getpass = lambda prompt="Password: ", stream=None: self.driver.ask(prompt, True)

    def serve(self):
        for name, take in (("questions", self.driver.entry.takeQuestion), ("comms", self.driver.entry.takeCommMessage)):
            threading.Thread(target=self.answer_all, args=(take,), name=name, daemon=True).start()
        threading.Thread(target=self.jobs.serve, name="jobs", daemon=True).start()
        text = self.driver.entry.take()
        while text is not None:
            command = json.loads(text)
            try:
                answer = self.obey(command)
            except (Exception, KeyboardInterrupt) as e:
                end = e if isinstance(e, Failure) else failure(e, None)
                answer = {"error": error_of(end)}
            text = self.driver.done(answer)

    def obey(self, command):
        self.driver.wants_rich_value = command.get("rich", False)
        self.driver.streams.put_back()
        self.interrupts.begin()
        try:
            if command["do"] == "run":
                self.run(command["code"])
                return {}
            if command["do"] == "evaluate":
                value = self.shell.evaluate(command["code"])
                data = (self.shell.form(value) if command["rich"] else None) or {}
                data.setdefault("text/plain", safe_repr(value))
                return {"data": texts(data)}
            if command["do"] == "share":
                return self.share(command["variable"], command["name"])
            if command["do"] == "define":
                return self.define(command["variable"], command["name"])
            return self.value(command["name"], command["rows"])
        finally:
            self.interrupts.end()
            if self.driver.is_child():
                self.driver.streams.flush()
                os._exit(0)

    def run(self, code):
        try:
            self.shell.run(code)
        finally:
            self.driver.figures.show_all()

    def value(self, name, rows):
        try:
            value = find(self.shell.namespace, name)
        except (AttributeError, KeyError):
            return {"missing": True}
        try:
            frame = spark_frame(value)
            if frame is not None:
                self.driver.entry.frame(frame._jdf)
                return {"frame": True}
            return {"plain": plain(value, rows)}
        except (ValueError, TypeError, OverflowError, RecursionError) as e:
            return {"refused": str(e)}

    def share(self, variable, name):
        try:
            value = find(self.shell.namespace, variable)
        except (AttributeError, KeyError):
            return {"missing": True}
        try:
            self.kernel.share(name, value)
            return {}
        except (ValueError, TypeError, OverflowError, RecursionError) as e:
            return {"refused": str(e)}

    def define(self, variable, name):
        if not variable.isidentifier() or keyword.iskeyword(variable):
            return {"refused": "'%s' cannot be the name of a variable in Python" % variable}
        try:
            self.shell.namespace[variable] = self.kernel.shared(name)
            return {}
        except ValueError as e:
            return {"refused": str(e)}

    def answer_all(self, take):
        while True:
            text = take()
            if text is None:
                return
            question = json.loads(text)
            try:
                answer = self.answer(question)
            except Exception as e:
                answer = {"failed": f"{type(e).__name__}: {e}"}
            self.driver.entry.answer(question["number"], json.dumps(answer))

    def answer(self, question):
        if question["do"] == "comm":
            self.comms.handle(question)
            return {}
        if question["do"] == "copy":
            return self.objects.copy(question["object"])
        if question["do"] == "include":
            self.context.addPyFile(question["uri"])
            return {}
        if question["do"] == "completeness":
            status, indent = self.shell.completeness(question["code"])
            return {"status": status, "indent": indent}
        if question["do"] == "magic":
            return {"known": self.shell.has_magic(question["name"], question["form"])}
        if question["do"] == "magics":
            return self.shell.magics()
        if question["do"] == "complete":
            candidates, start, end = self.shell.complete(question["code"], question["cursor"])
            return {"candidates": candidates, "start": start, "end": end}
        try:
            name = name_at(question["code"], question["cursor"])
            return {"data": texts(self.shell.inspect(name, question["detailed"])) if name else {}}
        except (AttributeError, KeyError):
            return {"data": {}}


def error_of(end):
    """Returns what the driver is told of a failure."""
    lines = [shortened(line, MAX_LINE) for line in end.lines]
    shown = [shortened(line, MAX_LINE) for line in end.shown]
    return {"name": end.name, "message": shortened(end.message, MAX_LINE), "lines": lines, "shown": shown}


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


def problem_of_the_workers():
    """Returns what is wrong with the Python that Spark's jobs would use; empty if nothing is."""
    workers = os.environ["PYSPARK_PYTHON"]
    if workers == PROGRAM:
        return ""
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        asked = subprocess.run([workers, "-c", question], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as e:
        return f"Spark's jobs cannot run Python code: {workers} does not work ({e}). {REMEDY}"
    theirs = asked.stdout.strip()
    ours = "%d.%d" % sys.version_info[:2]
    if theirs == ours:
        return ""
    return (
        f"Spark's jobs cannot run Python code: {workers} is Python {theirs}, but statements run in Python {ours}"
        f" ({PROGRAM}). {REMEDY}"
    )


if __name__ == "__main__":
    end_with_the_driver()
    session = Session()
    session.driver.entry.ready(problem_of_the_workers())
    session.serve()
