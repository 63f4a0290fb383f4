"""What the driver gets of the user's values: their forms for front ends, and their content as plain data."""

import base64
import datetime
import decimal
import json
import sys
import warnings

MAX_DEPTH = 200

# What is larger does not leave this process: the driver, which would cut it too, might have no room for it.
MAX_TEXT = 1 << 20
MAX_FORM = 8 << 20
MAX_ANSWER = 32 << 20
MAX_LINE = 20_000


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


def spark_frame(value):
    """Returns the DataFrame of Spark that a value is, or is another face of; else None."""
    kinds = [(kind.__module__, kind.__name__) for kind in type(value).__mro__]
    if any(module.startswith("pyspark.sql.") and name == "DataFrame" for module, name in kinds):
        return value
    if any(module.startswith("pyspark.pandas.") and name in ("DataFrame", "Series") for module, name in kinds):
        with warnings.catch_warnings():
            # The index is not shown.
            warnings.simplefilter("ignore")
            return (value if hasattr(value, "to_spark") else value.to_frame()).to_spark()
    return None


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
            form[mime_type] = shortened(text, MAX_TEXT)
        elif len(text) <= MAX_FORM:
            form[mime_type] = text
        else:
            note = f"[{mime_type} of {len(text):,} characters was left out: a form has at most {MAX_FORM:,}.]"
            print(note, file=sys.stderr)
    return form


def shortened(text, limit):
    return text if len(text) <= limit else text[:limit] + f"... ({len(text) - limit:,} more characters)"


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
        if value != value:  # the time that is none of pandas
            return None
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

    import polybius_frames

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
    if polybius_frames.is_table(value):
        return polybius_frames.table(value, rows, convert)
    if module == "pandas":
        return polybius_frames.of_pandas(value, rows, convert)
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


def value_of(form):
    """Returns the value that plain() or the driver has written."""
    if form is None or isinstance(form, bool):
        return form
    letter, content = form[0], form[1]
    if letter == "q":
        return [value_of(each) for each in content]
    if letter == "m":
        return {name: value_of(each) for name, each in content}
    return SCALARS[letter](content)


def utc_time(text):
    parsed = datetime.datetime.fromisoformat(seconds_in_six_digits(text.rstrip("Z")))
    return parsed.replace(tzinfo=datetime.timezone.utc)


def seconds_in_six_digits(text):
    """Python before 3.11 reads fractions of three or six digits only, and the driver knows nanoseconds."""
    whole, point, fraction = text.partition(".")
    return whole + "." + (fraction + "000000")[:6] if point else whole


SCALARS = {
    "i": int,
    "f": float,
    "d": decimal.Decimal,
    "s": str,
    "a": datetime.date.fromisoformat,
    "t": utc_time,
    "l": lambda text: datetime.datetime.fromisoformat(seconds_in_six_digits(text)),
    "b": base64.b64decode,
}


def key_text(key):
    return key if isinstance(key, str) else str(key)


def sequence(items, more):
    return ["q", items, more]
