"""Tables as frames of pandas and Arrow, and as HTML."""

from __future__ import annotations

import json
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Tuple

if TYPE_CHECKING:
    import pandas
    import pyarrow

LIVY_TABLE = "application/vnd.livy.table.v1+json"
JSON = "application/json"

_MOST_ROWS = 60
_INSTALL = "pip install 'polybius[pandas]'"


def best_form() -> str:
    """Returns the form in which frames lose the fewest types, of those that can be read here."""
    return "arrow" if find_spec("pyarrow") else "json"


def read_arrow(content: bytes) -> pyarrow.Table:
    """Reads Arrow's streaming format."""
    try:
        import pyarrow
    except ImportError as e:
        raise ImportError(f"pyarrow is needed for this: {_INSTALL}") from e
    return pyarrow.ipc.open_stream(content).read_all()


def read_pandas(form: str, content: bytes, columns: Optional[Sequence[str]]) -> pandas.DataFrame:
    """Reads a table in one of the server's forms; ``columns`` name those of a table of no rows."""
    frames = _pandas()
    if form == "arrow":
        frame: pandas.DataFrame = read_arrow(content).to_pandas()
    else:
        rows = json.loads(content)
        frame = frames.DataFrame(rows, columns=None if rows else columns)
    return frame


def empty_pandas() -> pandas.DataFrame:
    """Returns the result of what has none."""
    frame: pandas.DataFrame = _pandas().DataFrame()
    return frame


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as e:
        raise ImportError(f"pandas is needed for frames: {_INSTALL}") from e
    return pandas


def sql_columns(data: Mapping[str, Any]) -> Optional[List[str]]:
    """Returns the names of the columns of a SQL statement's output, if it is one."""
    shown = data.get(JSON)
    if isinstance(shown, dict) and set(shown) == {"schema", "data"}:
        fields = shown["schema"].get("fields")
        if isinstance(fields, list):
            return [str(field["name"]) for field in fields]
    return None


def notebook_forms(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns an output with what a notebook can show in place of what only Livy's clients can."""
    table = _shown_table(data)
    if table is None or "text/html" in data:
        return data
    columns, rows = table
    forms = {"text/html": _html(columns, rows), "text/plain": _text(columns, rows)}
    forms.update((form, shown) for form, shown in data.items() if form not in (LIVY_TABLE, JSON))
    return forms


def _shown_table(data: Mapping[str, Any]) -> Optional[Tuple[List[str], List[List[Any]]]]:
    columns = sql_columns(data)
    if columns is not None:
        return columns, data[JSON]["data"]
    shown = data.get(LIVY_TABLE)
    if isinstance(shown, dict):
        return [str(header.get("name", "")) for header in shown["headers"]], shown["data"]
    return None


def _html(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(_cell(cell))}</td>" for cell in row) + "</tr>"
        for row in rows[:_MOST_ROWS]
    )
    left = _left(rows)
    return (
        f'<table class="dataframe" border="1">\n<thead>\n<tr>{head}</tr>\n</thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>" + (f"\n<p>{left}</p>" if left else "")
    )


def _text(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = [list(columns), *([_cell(cell) for cell in row] for row in rows[:_MOST_ROWS])]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in cells]
    return "\n".join(lines + [left for left in [_left(rows)] if left])


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "null" if value is None else json.dumps(value, ensure_ascii=False)


def _left(rows: Sequence[object]) -> str:
    return "" if len(rows) <= _MOST_ROWS else f"... and {len(rows) - _MOST_ROWS} more rows"
