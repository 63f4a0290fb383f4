"""Server-sent events: what happens in a session, as it happens."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Deque, Dict, List, Mapping, Optional

from polybius._errors import ConnectionFailed, WaitTimeout
from polybius._steps import (
    CloseStream,
    Deadline,
    OpenStream,
    Operation,
    ReadStream,
    Request,
    Retries,
    Stream,
    is_passing,
)

# The server sends a comment every 15 seconds when nothing happens.
_SILENCE = 45.0
# A stream that still says something after so long is one that works, also without an event.
_HELD = 1.0


@dataclass(frozen=True)
class Event:
    """Something that has happened: ``type`` and ``data`` are told in docs/rest-api.md."""

    id: int
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """What a statement has put out: a text, or a value or display in the forms of ``data``."""

    statement: int
    stream: Optional[str] = None
    """``stdout``, ``stderr`` or ``echo`` (what a prompt says), if it is a text."""
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The forms by their MIME types, if it is a value or a display."""


def output_of(event: Event) -> Output:
    """Returns what an event of the type ``output`` tells."""
    return Output(
        statement=int(event.data["statement"]),
        stream=event.data.get("stream"),
        text=event.data.get("text", ""),
        data=event.data.get("data", {}),
    )


def too_late(path: str, timeout: Optional[float]) -> WaitTimeout:
    """Returns the error for what has not ended in time."""
    kind, number = path.split("/")[-2:]
    return WaitTimeout(f"{kind[:-1]} {number} has not ended within {timeout} seconds")


class EventParser:
    """Cuts the bytes of a stream into events."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._fields: Dict[str, str] = {}
        self._data: List[str] = []

    def feed(self, piece: bytes) -> List[Event]:
        events = []
        *lines, rest = (bytes(self._line) + piece).split(b"\n")
        self._line = bytearray(rest)
        for line in lines:
            event = self._take(line.rstrip(b"\r").decode("utf-8", "replace"))
            if event is not None:
                events.append(event)
        return events

    def _take(self, line: str) -> Optional[Event]:
        if line:
            name, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if name == "data":
                self._data.append(value)
            elif name:
                self._fields[name] = value
            return None
        fields, data = self._fields, self._data
        self._fields, self._data = {}, []
        if not data:
            return None
        return Event(
            id=int(fields.get("id") or 0),
            type=fields.get("event", "message"),
            data=json.loads("\n".join(data)),
        )


class EventStream:
    """Follows something until it has ended, over broken connections and restarts of the server."""

    def __init__(self, path: str, retry_for: float, timeout: Optional[float] = None) -> None:
        self._path = path
        self._timeout = timeout
        self._retries = Retries(retry_for)
        self._deadline = Deadline(timeout)
        self._last: Optional[int] = None
        self._waiting: Deque[Event] = deque()
        self._stream: Optional[Stream] = None
        self._parser = EventParser()
        self._empty = True
        self._opened = 0.0
        self._ended = False

    def next(self) -> Operation[Optional[Event]]:
        """Waits for the next event; returns nothing when there will be no more."""
        while not self._waiting and not self._ended:
            if self._deadline.over():
                raise too_late(self._path[: -len("/events")], self._timeout)
            try:
                yield from self._read()
            except ConnectionFailed as e:
                yield from self.close()
                if not self._deadline.over():
                    yield from self._retries.failed(e)
            except Exception as e:
                if not is_passing(e):
                    raise
                yield from self._retries.failed(e)
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> Operation[None]:
        """Follows no longer."""
        stream, self._stream = self._stream, None
        if stream is not None:
            yield CloseStream(stream)

    def _read(self) -> Operation[None]:
        if self._stream is None:
            yield from self._open()
            return
        piece: bytes = yield ReadStream(self._stream)
        if not piece:
            if self._empty:
                raise ConnectionFailed(f"what answers GET {self._path} ends without any event")
            # Ended, or cut off by a proxy: the next answer says which.
            yield from self.close()
            return
        if time.monotonic() - self._opened > _HELD:
            self._retries.worked()
        for event in self._parser.feed(piece):
            self._empty = False
            self._retries.worked()
            self._last = event.id
            self._waiting.append(event)

    def _open(self) -> Operation[None]:
        headers = {"Accept": "text/event-stream"}
        if self._last is not None:
            headers["Last-Event-ID"] = str(self._last)
        # A wait of no time at all would never be answered.
        patience = max(self._deadline.within(_SILENCE), 0.05)
        request = Request("GET", self._path, headers=headers, patience=patience)
        stream: Stream = yield OpenStream(request)
        if stream.answer.status == 204:
            self._ended = True
        else:
            stream.answer.checked()
            self._stream = stream
            self._parser = EventParser()
            self._empty = True
            self._opened = time.monotonic()
