"""What the client asks of the network, apart from how it is done.

An operation is a generator that yields steps and is sent what came of them. It has all that there
is to know about the server: paths, forms, what is tried again, what is an error. A runner
(``_runners``) does the steps, blocking or not, so that each operation is written once.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Dict, Generator, Mapping, Optional, TypeVar, Union
from urllib.parse import urlsplit

from polybius._errors import ConnectionFailed, request_error


@dataclass(frozen=True)
class Upload:
    """A file in a field of a form, which is read while it is sent."""

    field: str
    name: str
    content: BinaryIO


@dataclass(frozen=True)
class Request:
    """One request; ``path`` is that of docs/rest-api.md, with its names already quoted."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Optional[object] = field(default=None, repr=False)
    upload: Optional[Upload] = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: Optional[float] = None
    """Seconds to wait for the next bytes of the answer, if not those of the connection."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    request: Request
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """Returns the body, which has to be JSON."""
        try:
            return json.loads(self.content)
        except ValueError as e:
            raise request_error(
                str(self.request), self.status, f"the answer is no JSON: {_start(self.content)}", None
            ) from e

    def checked(self) -> Answer:
        """Returns itself if the server has done what it was asked for."""
        if 200 <= self.status < 300:
            return self
        message = _message(self.content)
        if 300 <= self.status < 400 and "location" in self.headers:
            message = f"the address leads to {_place(self.headers['location'])}: use that one"
        raise request_error(
            str(self.request), self.status, message, self.headers.get("x-request-id")
        )


@dataclass(frozen=True)
class Pause:
    """Wait some seconds."""

    seconds: float


@dataclass(frozen=True)
class OpenStream:
    """Send a request and read its answer a piece at a time; comes to a ``Stream``."""

    request: Request


@dataclass(frozen=True)
class Stream:
    """An answer that goes on; if it is none, ``answer`` is all of it."""

    answer: Answer
    handle: Any = field(repr=False)


@dataclass(frozen=True)
class ReadStream:
    """The next bytes of a stream; nothing at its end."""

    stream: Stream


@dataclass(frozen=True)
class CloseStream:
    """Read no more of a stream."""

    stream: Stream


Step = Union[Request, Pause, OpenStream, ReadStream, CloseStream]
T = TypeVar("T")
Operation = Generator[Step, Any, T]

# The server's own, or those of a proxy before one that is just being restarted.
_PASSING = (502, 503, 504)
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class Retries:
    """Lets something be tried again until it has failed for too long without a success."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pause = _FIRST_PAUSE
        self._since: Optional[float] = None

    def worked(self) -> None:
        self._since = None
        self._pause = _FIRST_PAUSE

    def failed(self, failure: Exception) -> Operation[None]:
        """Pauses before the next try, or raises the failure if there shall be none."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        left = self._since + self._seconds - now
        if left <= 0 or getattr(failure, "hopeless", False):
            raise failure
        yield Pause(min(self._pause, left))
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def call(request: Request) -> Operation[Answer]:
    """Sends a request once."""
    answer: Answer = yield request
    return answer.checked()


def persist(request: Request, retries: Retries) -> Operation[Answer]:
    """Sends a request that may come twice, and again while the server cannot be reached."""
    while True:
        try:
            answer: Answer = yield request
            if answer.status not in _PASSING:
                retries.worked()
                return answer.checked()
            answer.checked()
        except ConnectionFailed as e:
            failure: Exception = e
        except Exception as e:
            if not is_passing(e):
                raise
            failure = e
        yield from retries.failed(failure)


def is_passing(error: Exception) -> bool:
    """Whether the server may be back in a moment."""
    return getattr(error, "status", None) in _PASSING


class Deadline:
    """When a wait has to end, if ever."""

    def __init__(self, seconds: Optional[float]) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def within(self, seconds: float) -> float:
        """Returns so many seconds, or fewer if less time is left."""
        return seconds if self._end is None else max(0.0, min(seconds, self._end - time.monotonic()))

    def over(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end


def _message(content: bytes) -> str:
    try:
        body = json.loads(content)
    except ValueError:
        return _start(content)
    if isinstance(body, Dict):
        return str(body.get("msg") or body.get("message") or "")
    return body if isinstance(body, str) else ""


def _place(address: str) -> str:
    """Returns an address without what may be secret in it: its user, password and query."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "another one"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _start(content: bytes) -> str:
    text = content.decode("utf-8", "replace").strip()
    return text if len(text) <= 200 else text[:200] + "..."
