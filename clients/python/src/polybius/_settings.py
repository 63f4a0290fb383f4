"""The settings of a new session."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence, TypedDict, Union



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


# What Livy calls them, if otherwise.
_NAMES = {
    "py_files": "pyFiles",
    "driver_memory": "driverMemory",
    "driver_cores": "driverCores",
    "executor_memory": "executorMemory",
    "executor_cores": "executorCores",
    "num_executors": "numExecutors",
    "proxy_user": "proxyUser",
    "heartbeat_timeout": "heartbeatTimeoutInSecond",
    "idle_timeout": "idleTimeout",
}
_KEYS = {"profile": "polybius.profile", "spark": "polybius.spark"}
_LISTS = ("jars", "py_files", "files", "archives")


def session_request(settings: SessionSettings) -> Dict[str, Any]:
    """Returns the body of ``POST /sessions``."""
    body: Dict[str, Any] = {}
    conf = {key: _text(value) for key, value in settings.get("conf", {}).items()}
    for name, value in settings.items():
        if name in _KEYS:
            conf[_KEYS[name]] = str(value)
        elif name in _LISTS and isinstance(value, str):
            raise TypeError(f"{name} is a list of addresses, such as [{value!r}]")
        else:
            body[_NAMES.get(name, name)] = value
    if conf:
        body["conf"] = conf
    return body


def _text(value: object) -> str:
    # As Spark writes them.
    return str(value).lower() if isinstance(value, bool) else str(value)
