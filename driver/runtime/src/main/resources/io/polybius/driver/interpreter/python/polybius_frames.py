"""Tables of pandas and Arrow: their columns with the types that Spark has for them, and DataFrames made of them."""

import json
import sys

from polybius_values import plain, sequence, value_of

# So many values of a column, of which its own type says nothing, tell what is in it.
LOOKED_AT = 1000

# Python has values of these types as Spark wants them.
DIRECT = ("boolean", "integer", "long", "float", "double", "void")


def is_arrow_table(value):
    """Returns whether a value is a table or a batch of Arrow, which need not be there."""
    arrow = sys.modules.get("pyarrow")
    return isinstance(value, (getattr(arrow, "Table", ()), getattr(arrow, "RecordBatch", ())))


def is_table(value):
    """Returns whether a value is a table of pandas or of Arrow."""
    return isinstance(value, getattr(sys.modules.get("pandas"), "DataFrame", ())) or is_arrow_table(value)


def table(value, rows, convert):
    """Returns the first rows of a table as the driver reads them; columns may have the same name."""
    schema, columns = [], []
    for name, kind, values in columns_of(value, max(rows, LOOKED_AT)):
        forms = [form_of(each, convert) for each in (values[:rows] if kind else values)]
        kind = kind or type_of(forms)
        schema.append([name, kind if isinstance(kind, str) else json.dumps(kind)])
        columns.append(forms[:rows])
    return ["p", schema, [list(row) for row in zip(*columns)], more(value, rows)]


def of_pandas(value, rows, convert):
    """Returns what pandas has beside tables."""
    import pandas

    if isinstance(value, (pandas.Series, pandas.Index)):
        column = value.to_series() if isinstance(value, pandas.Index) else value
        return sequence([form_of(each, convert) for each in known_values(column.iloc[:rows])], more(value, rows))
    if value is pandas.NA:
        return None
    raise ValueError(f"a value of the class {type(value).__name__} has no plain form")


def more(value, rows):
    """Returns how many rows there are altogether, if these are more."""
    return len(value) if len(value) > rows else False


def to_spark(value, spark):
    """Returns a DataFrame of Spark with the rows of a table."""
    from pyspark.sql.types import StructType

    if not value.shape[1]:
        raise ValueError("a table without columns cannot be a DataFrame of Spark")
    fields, columns = [], []
    for name, kind, values in columns_of(value, len(value)):
        if kind is None or kind not in DIRECT:
            forms = [form_of(each, lambda cell: plain(cell, len(value))) for each in values]
            kind = kind or type_of(forms)
            values = [fitting(form, kind) for form in forms]
        fields.append(field(name, kind))
        columns.append(values)
    schema = StructType.fromJson({"type": "struct", "fields": fields})
    return spark.createDataFrame(list(zip(*columns)), schema, verifySchema=False)


def columns_of(value, rows):
    """Returns of each column its name, its type unless the values tell that, and its first values.

    None stands where pandas says that a value is missing; but NaN in a column of floating point numbers stays.
    """
    if is_arrow_table(value):
        cut = value.slice(0, rows)
        return [
            (field.name, arrow_type(field.type), arrow_values(column, field.type))
            for field, column in zip(value.schema, cut.columns)
        ]
    cut = value.iloc[:rows]
    columns = [cut.iloc[:, number] for number in range(cut.shape[1])]
    return [(str(name), pandas_type(column.dtype), known_values(column)) for name, column in zip(cut.columns, columns)]


def arrow_values(column, kind):
    from pyarrow import types

    values = column.to_pylist()
    return [each if each is None else dict(each) for each in values] if types.is_map(kind) else values


def known_values(column):
    import numpy

    if isinstance(column.dtype, numpy.dtype) and column.dtype.kind == "f":
        return column.astype("float64").tolist()
    return [None if missing else each for each, missing in zip(column.tolist(), column.isna().tolist())]


def form_of(value, convert):
    """Returns a cell as the driver reads it: as its text, as pandas shows it, if there is no other form."""
    try:
        return convert(value)
    except (ValueError, TypeError, OverflowError):
        return ["s", str(value)]


def pandas_type(dtype):
    """Returns Spark's type for a column; None if only its values tell it."""
    if hasattr(dtype, "pyarrow_dtype"):
        return arrow_type(dtype.pyarrow_dtype)
    if getattr(dtype, "tz", None) is not None:
        return "timestamp"
    kind = getattr(dtype, "kind", "O")
    if hasattr(dtype, "subtype") or (kind == "u" and dtype.itemsize == 8):
        # Sparse ones give values of NumPy, and the others may be too large.
        return None
    return {"b": "boolean", "i": "long", "u": "long", "f": "double", "M": "timestamp_ntz"}.get(kind)


def arrow_type(kind):
    """Returns Spark's type for a column; None if only its values tell it."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return arrow_type(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        element = arrow_type(kind.value_type)
        return element and array(element)
    if types.is_map(kind):
        value = arrow_type(kind.item_type)
        return value and {"type": "map", "keyType": "string", "valueType": value, "valueContainsNull": True}
    if types.is_struct(kind):
        fields = [kind.field(number) for number in range(kind.num_fields)]
        kinds = [arrow_type(each.type) for each in fields]
        return struct(zip([each.name for each in fields], kinds)) if all(kinds) else None
    if types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})" if 0 <= kind.scale <= kind.precision <= 38 else None
    if types.is_timestamp(kind):
        return "timestamp_ntz" if kind.tz is None else "timestamp"
    if types.is_date(kind):
        return "date"
    return ARROW_TYPES.get(str(kind))


ARROW_TYPES = {
    "bool": "boolean",
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "int64": "long",
    "uint8": "long",
    "uint16": "long",
    "uint32": "long",
    "float": "float",
    "double": "double",
    "null": "void",
    "string": "string",
    "large_string": "string",
    "string_view": "string",
    "binary": "binary",
    "large_binary": "binary",
}


def array(element):
    return {"type": "array", "elementType": element, "containsNull": True}


def struct(fields):
    return {"type": "struct", "fields": [field(name, kind) for name, kind in fields]}


def field(name, kind):
    return {"name": name, "type": kind, "nullable": True, "metadata": {}}


def type_of(forms):
    """Returns Spark's type for values as the driver reads them: that of texts if they have several."""
    present = [form for form in forms if form is not None]
    letters = {"boolean" if isinstance(form, bool) else form[0] for form in present}
    if len(letters) != 1:
        return "string"
    letter = letters.pop()
    if letter == "boolean":
        return letter
    contents = [form[1] for form in present]
    if letter == "i":
        return "long" if all(-(2**63) <= int(each) < 2**63 for each in contents) else "string"
    if letter == "d":
        return decimal_type([value_of(form) for form in present])
    if letter == "q":
        return array(type_of([each for items in contents for each in items]))
    if letter == "m":
        fields = {}
        for entries in contents:
            for name, each in entries:
                fields.setdefault(name, []).append(each)
        return struct((name, type_of(values)) for name, values in fields.items())
    return {"f": "double", "a": "date", "t": "timestamp", "l": "timestamp_ntz", "b": "binary"}.get(letter, "string")


def decimal_type(values):
    scale = max(max(0, -each.as_tuple().exponent) for each in values)
    precision = max(1, max(each.adjusted() + 1 for each in values)) + scale
    return f"decimal({precision},{scale})" if precision <= 38 else "string"


def fitting(form, kind):
    """Returns a value as Spark wants it in a column of that type."""
    if form is None:
        return None
    if kind == "string":
        value = value_of(form)
        return value if isinstance(value, str) else str(value)
    if isinstance(kind, str):
        return value_of(form)
    if kind["type"] == "array":
        return [fitting(each, kind["elementType"]) for each in form[1]]
    if kind["type"] == "map":
        return {key: fitting(each, kind["valueType"]) for key, each in form[1]}
    kinds = {each["name"]: each["type"] for each in kind["fields"]}
    return {name: fitting(each, kinds[name]) for name, each in form[1]}
