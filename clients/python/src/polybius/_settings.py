"""The settings of a new session."""

from __future__ import annotations

import difflib
import inspect
from typing import Any, Callable, Dict, Mapping, Sequence, TypedDict, TypeVar, Union



class SessionSettings(TypedDict, total=False):
    """What a session can be opened with; docs/rest-api.md tells more of each."""

    kind: str
    """The language of its statements: pyspark, spark, sparkr, sql, jupyter:NAME or shared."""
    name: str
    """By which others can join it."""
    conf: Mapping[str, Union[str, int, float, bool]]
    """Settings of Spark."""
    profile: str
    """A launch profile of the server."""
    spark: str
    """One of the server's Sparks."""
    jars: Sequence[str]
    py_files: Sequence[str]
    files: Sequence[str]
    archives: Sequence[str]
    driver_memory: str
    driver_cores: int
    executor_memory: str
    executor_cores: int
    num_executors: int
    queue: str
    proxy_user: str
    """The user that it runs as, where the server lets requests say so."""
    heartbeat_timeout: int
    """Seconds after which it ends when no request about it has come."""
    ttl: str
    """How long it may live, such as 8h."""
    idle_timeout: str
    """How long it may be unused, such as 30m."""


_NAMES = {
    "kind": "kind",
    "name": "name",
    "conf": "conf",
    "jars": "jars",
    "py_files": "pyFiles",
    "files": "files",
    "archives": "archives",
    "driver_memory": "driverMemory",
    "driver_cores": "driverCores",
    "executor_memory": "executorMemory",
    "executor_cores": "executorCores",
    "num_executors": "numExecutors",
    "queue": "queue",
    "proxy_user": "proxyUser",
    "heartbeat_timeout": "heartbeatTimeoutInSecond",
    "ttl": "ttl",
    "idle_timeout": "idleTimeout",
}
_KEYS = {"profile": "polybius.profile", "spark": "polybius.spark"}


def session_request(settings: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns the body of ``POST /sessions``."""
    body: Dict[str, Any] = {}
    conf = {key: _text(value) for key, value in (settings.get("conf") or {}).items()}
    for name, value in settings.items():
        if value is None or name == "conf":
            continue
        if name in _KEYS:
            conf[_KEYS[name]] = value
        elif name in _NAMES:
            if isinstance(value, str) and name in ("jars", "py_files", "files", "archives"):
                raise TypeError(f"{name} is a list of addresses, such as [{value!r}]")
            body[_NAMES[name]] = value
        else:
            near = difflib.get_close_matches(name, [*_NAMES, *_KEYS], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TypeError(f"there is no setting {name} of a session{hint}")
    if conf:
        body["conf"] = conf
    return body


def _text(value: object) -> str:
    # As Spark writes them.
    return str(value).lower() if isinstance(value, bool) else str(value)


F = TypeVar("F", bound=Callable[..., Any])


def with_settings(function: F) -> F:
    """Makes the help of a function name each setting that its ``**settings`` can be."""
    signature = inspect.signature(function)
    named = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    of_session = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in SessionSettings.__annotations__.items()
    ]
    function.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=named + of_session
    )
    return function
