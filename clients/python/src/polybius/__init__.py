"""Remote Spark sessions of a Polybius server.

>>> import polybius
>>> with polybius.connect("http://localhost:8998", kind="pyspark") as session:
...     session.execute("1 + 1").text
...     session.run(lambda context: context.spark.range(100).count())
'2'
100
"""

from polybius._async_session import AsyncSession, connect_async
from polybius._connection import ConnectionOptions
from polybius._context import JobContext
from polybius._errors import (
    AuthenticationError,
    BusyError,
    ConnectionFailed,
    GoneError,
    JobCancelled,
    JobError,
    JobFailed,
    NotFoundError,
    PolybiusError,
    RequestError,
    SessionError,
    StatementCancelled,
    StatementError,
    WaitTimeout,
)
from polybius._events import Event, Output
from polybius._jobs import AsyncJobHandle, JobHandle, JobStatus
from polybius._session import Session, connect
from polybius._settings import SessionSettings
from polybius._statement import AsyncStatement, Statement
from polybius._version import VERSION as __version__

__all__ = [
    "AsyncJobHandle",
    "AsyncSession",
    "AsyncStatement",
    "AuthenticationError",
    "BusyError",
    "ConnectionFailed",
    "ConnectionOptions",
    "Event",
    "GoneError",
    "JobCancelled",
    "JobContext",
    "JobError",
    "JobFailed",
    "JobHandle",
    "JobStatus",
    "NotFoundError",
    "Output",
    "PolybiusError",
    "RequestError",
    "Session",
    "SessionError",
    "SessionSettings",
    "Statement",
    "StatementCancelled",
    "StatementError",
    "WaitTimeout",
    "__version__",
    "connect",
    "connect_async",
]
