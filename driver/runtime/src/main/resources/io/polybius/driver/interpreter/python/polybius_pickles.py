"""Jobs and their results as clients write and read them, with the cloudpickle of their own.

What a pickle by cloudpickle needs to be read has another place in each release, and the session's Python may have no
cloudpickle but the one within PySpark. So names are looked up in all that are here, and are written as every release finds
them. A result that is plain data, or an object of a package that the client has, needs no cloudpickle at all.
"""

import base64
import dis
import importlib
import io
import pickle
import sys
import types

try:
    from cloudpickle import CloudPickler
except ImportError:
    from pyspark.cloudpickle import CloudPickler

PACKAGES = ("cloudpickle", "pyspark.cloudpickle")
MODULES = [f"{package}.{name}" for package in PACKAGES for name in ("cloudpickle", "cloudpickle_fast")]

# In cloudpickle 2 only there; cloudpickle 3 still finds all names there.
OF_FAST = ("_function_setstate", "_class_setstate")

VERSION = "%d.%d" % sys.version_info[:2]
UPLOAD = "Upload it to the session (upload-pyfile, add-pyfile), or let cloudpickle.register_pickle_by_value send it along."
JAVA = b"\xac\xed"


class PickleError(Exception):
    """A job cannot be read, or its result cannot be written; the text is for the client."""


def read(payload):
    """Returns the function of a job."""
    if payload[:2] == JAVA:
        raise PickleError("This job is written by Java's serialization. A job of kind pyspark is cloudpickle.dumps(function).")
    try:
        function = Reader(io.BytesIO(payload)).load()
    except OtherPython as e:
        raise PickleError(str(e)) from None
    except ModuleNotFoundError as e:
        raise PickleError(f"The job cannot be read: {described(e)}. The session's Python has not got it. {UPLOAD}") from None
    except AttributeError as e:
        raise PickleError(
            f"The job cannot be read: {described(e)}. The session's Python has another version of what the job refers to. {UPLOAD}"
        ) from None
    except (pickle.UnpicklingError, EOFError, IndexError, KeyError, ValueError, UnicodeDecodeError) as e:
        raise PickleError(
            f"This job is no pickle that can be read: {described(e)}. A job of kind pyspark is cloudpickle.dumps(function);"
            " one of Java or Scala has the kind spark."
        ) from None
    if not callable(function):
        raise PickleError(f"This job is a value of the class {type(function).__name__}, not a function of the job's context.")
    return function


def described(error):
    return f"{type(error).__name__}: {error}"


class Reader(pickle.Unpickler):
    """Finds what cloudpickle's pickles need, whichever release has written them."""

    def find_class(self, module, name):
        if module.startswith(PACKAGES):
            return helper(module, name)
        if (module, name) == ("types", "CodeType"):
            return code
        return super().find_class(module, name)


def helper(module, name):
    if name == "_builtin_type":
        return builtin_type
    for each in (module, *MODULES):
        try:
            return getattr(importlib.import_module(each), name)
        except (ImportError, AttributeError):
            continue
    raise PickleError(
        f"This job is written by a release of cloudpickle that is not known here: there is no {module}.{name}."
        " Install the client's release for the session's Python."
    )


def builtin_type(name):
    return code if name == "CodeType" else getattr(types, name)


class OtherPython(Exception):
    """The code of a function is not of this Python."""

    def __init__(self):
        super().__init__(
            f"This job was written by another Python than the session's, which is {VERSION}. A function is sent as the code of"
            f" its Python, so the client's must be {VERSION} too; or let spark.pyspark.python name the client's version."
        )


def code(*fields):
    """Returns the code of a function, which would end this process if it were run by another Python than its own."""
    try:
        used = set(fields[CODE][::2])
        if used <= KNOWN and used & NEEDED:
            return types.CodeType(*fields)
    except (IndexError, TypeError, ValueError):
        # There are other fields, or at other places.
        pass
    raise OtherPython()


# Where the instructions are among the fields.
CODE = 6
KNOWN = set(dis.opmap.values())
# Each function begins with that, which has another number in most versions.
NEEDED = {dis.opmap["RESUME"]} if "RESUME" in dis.opmap else KNOWN


def write(value, protocol, limit):
    """Returns a pickle of a result as base 64, which has at most so many letters."""
    refuse_spark(value)
    result = Bounded(value, limit)
    try:
        Writer(result, protocol=protocol).dump(value)
    except PickleError:
        raise
    except Exception as e:
        raise PickleError(
            f"The result, a value of the class {name_of(value)}, cannot be pickled: {described(e)}. Return plain data, or share"
            " it (set_shared_object) and return its name."
        ) from None
    return result.text()


def protocol_of(payload):
    """Returns what the client's Python can read."""
    return max(2, min(payload[1], pickle.HIGHEST_PROTOCOL)) if payload[:1] == b"\x80" else 2


def name_of(value):
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def refuse_spark(value):
    """These would not leave the driver by themselves, but fail with something that helps nobody."""
    names = {each.__name__ for each in type(value).__mro__ if each.__module__.startswith("pyspark.")}
    if names & {"DataFrame", "RDD", "SparkContext", "SparkSession", "SQLContext", "GroupedData", "Column"}:
        raise PickleError(
            f"The result, a {name_of(value)}, cannot leave the driver. Return its rows (collect) or a frame of pandas (toPandas),"
            " or share it (set_shared_object) and return its name."
        )


class Writer(CloudPickler):
    """Names what the reader needs as every release of cloudpickle finds it."""

    def reducer_override(self, value):
        if isinstance(value, types.FunctionType) and value.__module__ in MODULES:
            name = value.__name__
            module = "cloudpickle.cloudpickle_fast" if name in OF_FAST else "cloudpickle.cloudpickle"
            return getattr, (Imported(module), name)
        return super().reducer_override(value)


class Imported:
    """A module that whoever reads the pickle imports."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return importlib.import_module, (self.name,)


class Bounded:
    """Takes a pickle as long as it can be sent."""

    def __init__(self, value, limit):
        self.value = value
        self.limit = limit
        self.left = limit // 4 * 3
        self.pieces = []

    def write(self, piece):
        piece = piece if isinstance(piece, bytes) else bytes(piece)
        self.left -= len(piece)
        if self.left < 0:
            self.pieces.clear()
            raise PickleError(
                f"The result, a value of the class {name_of(self.value)}, takes more than {self.limit >> 20} MiB as base 64 of a"
                " pickle. Write it to a file, or share it (set_shared_object) and return its name."
            )
        self.pieces.append(piece)
        return len(piece)

    def text(self):
        whole = b"".join(self.pieces)
        self.pieces.clear()
        return base64.b64encode(whole).decode("ascii")
