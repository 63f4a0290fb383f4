"""What the user's code says to the session."""

import json

from polybius_frames import is_table, to_spark
from polybius_values import plain, spark_frame, value_of
from pyspark.sql import DataFrame


class Kernel:
    """What code says to the session: `kernel` of the user."""

    MAX_SHARED = 1_000_000

    def __init__(self, entry, context, spark):
        self._entry = entry
        self._context = context
        self._spark = spark

    def share(self, name, value):
        """Shares a value with the other languages and the other clients: a DataFrame or an RDD as it is, else a copy."""
        self._check(name)
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
            self._entry.shareData(name, json.dumps(plain(value, self.MAX_SHARED)))

    def shared(self, name):
        """Returns what is shared under a name."""
        self._check(name)
        kind = self._entry.sharedType(name)
        if kind == "DataFrame":
            return DataFrame(self._entry.sharedFrame(name), self._spark)
        if kind == "RDD":
            return self._elements(name)
        if kind == "value":
            return value_of(json.loads(self._entry.sharedData(name)))
        raise KeyError(f"nothing is shared under the name {name}")

    @staticmethod
    def _check(name):
        if not isinstance(name, str):
            raise TypeError(f"what is shared has a text as its name, not a value of the class {type(name).__name__}")

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
