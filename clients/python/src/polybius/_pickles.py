"""Jobs and their results as bytes. Only the driver opens the ones, only the client the others."""

from __future__ import annotations

import base64
import io
import pickle
import re
import sys
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple

import cloudpickle

from polybius._context import JobContext
from polybius._errors import JobCancelled, JobError, JobFailed

# Runs before anything else of the job is opened, because code of another Python's functions fails
# in ways that nobody understands.
_CHECK = """
import sys
if sys.version_info[:2] != {version}:
    raise RuntimeError(
        "This job was made by Python {shown}, and the session has Python %d.%d, which cannot read its"
        " functions: use the same version on both sides." % sys.version_info[:2]
    )
"""

_BIND = (
    "lambda checked, function, arguments, keywords:"
    " lambda context: function(context, *arguments, **keywords)"
)


class _Call:
    """Says how a value is made in the driver, which does not have this package."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._reduced = (function, arguments)

    def __reduce__(self) -> Tuple[Callable[..., Any], Tuple[Any, ...]]:
        return self._reduced

    def __call__(self) -> None:
        raise TypeError("is only for the driver")


class _JobPickler(cloudpickle.CloudPickler):  # type: ignore[misc]
    def reducer_override(self, obj: Any) -> Any:
        if obj is JobContext:
            # Functions carry the types that they are annotated with.
            return eval, ("object",)
        return super().reducer_override(obj)


def dump_job(
    function: Callable[..., Any], arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> str:
    """Returns a function of the driver's context, as the server takes it."""
    if not callable(function):
        raise TypeError(
            f"a job is a function whose first argument is the job's context, and not {function!r:.100}"
        )
    version = sys.version_info[:2]
    check = _Call(exec, _CHECK.format(version=version, shown="%d.%d" % version))
    job = _Made(_Call(eval, _BIND), check, function, tuple(arguments), dict(keywords))
    written = io.BytesIO()
    try:
        _JobPickler(written).dump(job)
    except Exception as e:
        raise JobError(
            f"the job cannot be sent: {e}. What it uses of its surroundings, and its arguments, have "
            "to be what pickle can write; a session's Spark comes with the job's context"
        ) from e
    return base64.b64encode(written.getvalue()).decode("ascii")


class _Made(_Call):
    """A value that another value makes; its arguments are read in their order."""


def job_result(job: int, status: Mapping[str, Any]) -> Any:
    """Returns what an ended job has returned, or raises what became of it."""
    state = status.get("state")
    if state == "CANCELLED":
        raise JobCancelled(f"job {job} was cancelled")
    if state == "FAILED":
        error = str(status.get("error") or "")
        raise JobFailed(job, error, _advice(error))
    encoded = status.get("result")
    if encoded is None:
        return None
    try:
        # Once for the pickle, which the driver hands on as a text, and once for JSON.
        return pickle.loads(base64.b64decode(base64.b64decode(encoded)))
    except ImportError as e:
        raise JobError(
            f"the result of job {job} cannot be read here: {e}. Install what it is made of"
        ) from e
    except Exception as e:
        raise JobError(f"the result of job {job} cannot be read here: {e!r}") from e


_MISSING = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


def _advice(error: str) -> Optional[str]:
    missing = _MISSING.search(error)
    if missing is None or "register_pickle_by_value" in error:
        return None
    name = missing.group(1).partition(".")[0]
    return (
        f"The session's Python has no module {name}. If it is yours, upload it with "
        f"session.upload_pyfile, or let its functions travel with the job by "
        f"cloudpickle.register_pickle_by_value({name}). If not, the session needs it installed."
    )
