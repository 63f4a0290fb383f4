"""All that a session can be connected with."""

from __future__ import annotations

import difflib
import inspect
from typing import Any, Callable, Mapping, Tuple, TypeVar, cast

from polybius._connection import ConnectionOptions
from polybius._settings import SessionSettings


class Options(ConnectionOptions, SessionSettings, total=False):
    """How the server is reached, and the settings of a session that is opened."""


_OF_CONNECTION = ConnectionOptions.__annotations__
_OF_SESSION = SessionSettings.__annotations__

F = TypeVar("F", bound=Callable[..., Any])


def split(options: Mapping[str, Any]) -> Tuple[ConnectionOptions, SessionSettings]:
    """Parts what is for the connection from what is for the session."""
    for name in options:
        if name not in _OF_CONNECTION and name not in _OF_SESSION:
            near = difflib.get_close_matches(name, [*_OF_CONNECTION, *_OF_SESSION], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TypeError(f"there is no option {name}{hint}")
    given = {name: value for name, value in options.items() if value is not None}
    return (
        cast(ConnectionOptions, {name: given[name] for name in given if name in _OF_CONNECTION}),
        cast(SessionSettings, {name: given[name] for name in given if name in _OF_SESSION}),
    )


def with_options(function: F) -> F:
    """Makes the help of a function, which notebooks show, name each of its options."""
    signature = inspect.signature(function)
    named = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in [*_OF_SESSION, *_OF_CONNECTION]
    ]
    function.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=named + options
    )
    return function
