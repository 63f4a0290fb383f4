"""What the user's code says to the session."""

import itertools
import json
import threading

from polybius_frames import is_table, to_spark
from polybius_values import MAX_ANSWER, plain, spark_frame, value_of
from pyspark.sql import DataFrame


MAX_SHARED = 1_000_000


def check_name(name):
    if not isinstance(name, str):
        raise TypeError(f"what is shared has a text as its name, not a value of the class {type(name).__name__}")


class SharedObjects:
    """The objects that jobs share, as they are. The driver has their names, and knows which ones are still shared."""

    def __init__(self, entry):
        self.names = entry.objects()
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.objects = {}

    def put(self, name, value):
        check_name(name)
        frame = spark_frame(value)
        kind = type(value).__qualname__
        with self.lock:
            number = next(self.numbers)
            self.objects[number] = value
            self.names.share(name, number, kind, None if frame is None else frame._jdf)
            self.prune()

    def prune(self):
        """Lets go of what is not shared any more; to be called with the lock."""
        shared = {int(each) for each in self.names.numbers().split()}
        self.objects = {each: self.objects[each] for each in self.objects if each in shared}

    def find(self, name):
        """Returns whether there is an object of that name, and the object; also whether the driver has something else."""
        check_name(name)
        number = self.names.find(name)
        objects = self.objects
        return number in objects, objects.get(number), number == 0

    def remove(self, name):
        check_name(name)
        with self.lock:
            self.names.remove(name)
            self.prune()

    def copy(self, number):
        """Returns what others get of an object."""
        try:
            value = self.objects[number]
        except KeyError:
            return {"refused": "it is not shared any more"}
        try:
            form = plain(value, MAX_SHARED)
        except (ValueError, TypeError, OverflowError, RecursionError) as e:
            return {"refused": str(e)}
        if len(json.dumps(form)) > MAX_ANSWER:
            return {"refused": f"it takes more than {MAX_ANSWER:,} characters"}
        return {"plain": form}


class Kernel:
    """What code says to the session: `kernel` of the user."""

    def __init__(self, entry, context, spark, objects):
        self._entry = entry
        self._objects = objects
        self._context = context
        self._spark = spark

    def share(self, name, value):
        """Shares a value with the other languages and the other clients: a DataFrame or an RDD as it is, else a copy."""
        check_name(name)
        if not self._entry.isName(name):
            raise ValueError(f"{name!r} cannot be a name: it has letters, digits and _, and begins with no digit")
        if is_table(value):
            value = to_spark(value, self._spark)
        frame = spark_frame(value)
        if frame is not None:
            self._entry.shareFrame(name, frame._jdf)
        elif hasattr(value, "_to_java_object_rdd"):
            self._entry.shareElements(name, value._to_java_object_rdd())
        else:
            self._entry.shareData(name, json.dumps(plain(value, MAX_SHARED)))

    def shared(self, name):
        """Returns what is shared under a name."""
        is_object, value, _ = self._objects.find(name)
        if is_object:
            return value
        kind = self._entry.sharedType(name)
        if kind == "DataFrame":
            return DataFrame(self._entry.sharedFrame(name), self._spark)
        if kind == "RDD":
            return self._elements(name)
        if kind == "value":
            return value_of(json.loads(self._entry.sharedData(name)))
        raise KeyError(f"nothing is shared under the name {name}")

    def _elements(self, name):
        from pyspark import RDD

        serde = self._context._jvm.org.apache.spark.api.python.SerDeUtil
        elements = self._entry.sharedElements(name)
        kind = self._entry.elementType(name)
        if kind == "plain":
            return RDD(serde.javaToPython(elements), self._context)
        if kind == "pair":
            return RDD(serde.pairRDDToPython(elements.rdd(), 0).toJavaRDD(), self._context)
        raise ValueError(f"an RDD of {kind} cannot be used in Python; a DataFrame can (toDF)")

    def __repr__(self):
        return "kernel"
