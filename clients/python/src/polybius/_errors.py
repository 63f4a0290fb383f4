"""What can go wrong, as exceptions that say what to do."""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING, Optional, Sequence

if TYPE_CHECKING:
    from polybius._statement import StatementData


class PolybiusError(Exception):
    """What all errors of this package are."""


class ConnectionFailed(PolybiusError, ConnectionError):
    """The server cannot be reached, or the connection to it broke."""

    hopeless = False
    """Whether trying again would not help."""


class WaitTimeout(PolybiusError, TimeoutError):
    """What was waited for has not come within the time that the caller gave."""


class RequestError(PolybiusError):
    """The server did not do what it was asked for.

    ``status`` is the HTTP status, ``message`` what the server says, and ``request_id`` the number
    under which its logs have the request.
    """

    def __init__(self, request: str, status: int, message: str, request_id: Optional[str]) -> None:
        super().__init__(request, status, message, request_id)
        self.request = request
        self.status = status
        self.message = message
        self.request_id = request_id

    def __str__(self) -> str:
        advice = _ADVICE.get(self.status)
        text = f"{self.message or 'the server gives no reason'} (HTTP {self.status}, {self.request})"
        return f"{text}. {advice}" if advice else text


class AuthenticationError(RequestError):
    """The server, or a proxy before it, wants to know who asks (401), or forbids it (403)."""


class NotFoundError(RequestError):
    """There is no such session, statement or job, or no longer (404)."""


class GoneError(RequestError):
    """The result of a statement is no longer there (410)."""


class BusyError(RequestError):
    """Too much waits in the session, or is downloaded from it (429)."""


class SessionError(PolybiusError):
    """The session has ended, or could not start; ``log`` has the last lines of its log."""

    def __init__(self, message: str, log: Sequence[str] = ()) -> None:
        super().__init__(message, tuple(log))
        self.message = message
        self.log = list(log)

    def __str__(self) -> str:
        lines = "\n".join(line.strip("\n") for line in self.log)
        return f"{self.message}\n{lines}".rstrip()


class StatementError(PolybiusError):
    """A statement has failed.

    ``ename`` and ``evalue`` say what it raised, ``traceback`` is where (a list of texts), and
    ``statement`` has what it put out before.
    """

    def __init__(
        self, ename: str, evalue: str, traceback: Sequence[str], statement: StatementData
    ) -> None:
        super().__init__(ename, evalue, list(traceback))
        self.ename = ename
        self.evalue = evalue
        self.traceback = list(traceback)
        self.statement = statement

    def __str__(self) -> str:
        where = "".join(
            line if line.endswith("\n") else line + "\n" for line in self.traceback
        ).rstrip()
        what = f"{self.ename}: {self.evalue}"
        return f"{what}\n\nIn the session:\n{where}" if where else what


class StatementCancelled(PolybiusError):
    """A statement was cancelled; ``statement`` has what it put out before."""

    def __init__(self, statement: StatementData) -> None:
        super().__init__(f"statement {statement.id} was cancelled")
        self.statement = statement


class JobFailed(PolybiusError):
    """A job has failed; ``traceback`` is what the driver says of it."""

    def __init__(self, job: int, traceback: str, advice: Optional[str] = None) -> None:
        super().__init__(job, traceback, advice)
        self.job = job
        self.traceback = traceback
        self.advice = advice

    def __str__(self) -> str:
        lines = [line for line in self.traceback.splitlines() if line.strip()]
        # Python ends with what has happened, and Java begins with it.
        which = -1 if any(line.startswith("Traceback ") for line in lines) else 0
        what = lines[which].strip() if lines else "the driver gives no reason"
        what = what.removeprefix("Client job error: ")
        parts = [f"job {self.job} failed: {what}"]
        if self.advice:
            parts.append(self.advice)
        if len(lines) > 1:
            parts.append("In the session:\n" + self.traceback.rstrip())
        return "\n\n".join(parts)


class JobCancelled(PolybiusError, concurrent.futures.CancelledError):
    """A job was cancelled, so it has no result."""


class JobError(PolybiusError):
    """A job could not be made out of a function, or its result not be read here."""


_ADVICE = {
    401: "Give the server's access token as token=..., or in the environment as POLYBIUS_TOKEN",
    410: "Run the statement again",
    413: "Upload large data as a file, and name it in the code",
    429: "Wait for some of it to end",
    503: "Try again in a moment",
}

_TYPES = {
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    410: GoneError,
    429: BusyError,
}


def request_error(
    request: str, status: int, message: str, request_id: Optional[str]
) -> RequestError:
    """Returns the error that an answer stands for."""
    return _TYPES.get(status, RequestError)(request, status, message.rstrip("."), request_id)
