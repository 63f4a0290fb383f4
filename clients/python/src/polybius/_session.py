"""Sessions for programs that wait."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Type, TypeVar, Union

from polybius import _operations as operations
from polybius._connection import Connection
from polybius._events import Event, EventStream
from polybius._jobs import JobHandle, JobStatus, JobWatcher
from polybius._operations import OnOutput
from polybius._options import split, with_options
from polybius._pickles import dump_job, job_result
from polybius._runners import BlockingRunner
from polybius._screen import Screen
from polybius._statement import Statement
from polybius._steps import Upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas
    from typing_extensions import Concatenate, ParamSpec, Unpack

    from polybius._context import JobContext
    from polybius._options import Options

    P = ParamSpec("P")

T = TypeVar("T")
START_TIMEOUT = 600.0


class SessionData:
    """A session as the server told it last."""

    def __init__(
        self, connection: Connection, told: Mapping[str, Any], opened: bool, keep: bool
    ) -> None:
        self._connection = connection
        self._retry_for = connection.retry_for
        self._told = dict(told)
        self._path = operations.session_path(self.id)
        self._ends = opened and not keep
        self._closed = False
        self._ready = False

    @property
    def id(self) -> int:
        """Its number."""
        return int(self._told["id"])

    @property
    def name(self) -> Optional[str]:
        """Its name, if it has one."""
        return self._told.get("name")

    @property
    def kind(self) -> str:
        """The language of its statements, or ``shared``."""
        return str(self._told["kind"])

    @property
    def url(self) -> str:
        """The address of its server."""
        return self._connection.url

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<polybius.{type(self).__name__} {self.id}{name} ({self.kind}) at {self.url}>"


class Session(SessionData):
    """A session of a server, which ``connect`` opens or joins.

    As a context manager it ends the session when it has opened it, unless it was told to keep it.
    Threads may share it.
    """

    def __init__(
        self,
        connection: Connection,
        runner: BlockingRunner,
        told: Mapping[str, Any],
        opened: bool,
        keep: bool,
    ) -> None:
        super().__init__(connection, told, opened, keep)
        self._runner = runner
        self._watcher = JobWatcher(connection)

    @property
    def state(self) -> str:
        """How it is now: ``starting``, ``idle``, ``busy``, ``shutting_down``, ``dead``, ``killed``."""
        return str(self.info()["state"])

    def info(self) -> Dict[str, Any]:
        """Returns all that the server tells of it, as in docs/rest-api.md."""
        self._told = self._runner.run(operations.session_info(self._path))
        return dict(self._told)

    def log(self, start: int = -1, size: int = 100) -> List[str]:
        """Returns lines of its log: the last ones, or from the line ``start``."""
        return self._runner.run(operations.session_log(self._path, start, size))

    def wait_ready(self, timeout: Optional[float] = START_TIMEOUT) -> Session:
        """Waits until it has started; raises ``SessionError`` with its log if it cannot."""
        self._told = self._runner.run(
            operations.await_ready(self._path, timeout, self._retry_for)
        )
        self._ready = True
        return self

    def execute(
        self,
        code: str,
        kind: Optional[str] = None,
        *,
        timeout: Optional[float] = None,
        show: bool = False,
        on_output: Optional[OnOutput] = None,
        check: bool = True,
    ) -> Statement:
        """Runs a statement and waits for its end.

        ``kind`` is its language, by default the session's. With ``show``, what it puts out is
        printed and displayed here as it comes; with ``on_output``, that function gets it. One that
        fails raises ``StatementError``, unless ``check`` is false. When ``timeout`` seconds are
        over or Ctrl-C comes, the statement is cancelled. Who follows its output may notice the end of
        the time 15 seconds later, when nothing is put out.
        """
        self._await_start()
        told = self._runner.run(
            operations.execute(
                self._path,
                code,
                kind,
                timeout,
                self._retry_for,
                Screen() if show and on_output is None else on_output,
            )
        )
        statement = self._statement(told)
        if check:
            statement.raise_for_error()
        return statement

    def start(self, code: str, kind: Optional[str] = None) -> Statement:
        """Runs a statement without waiting for its end."""
        self._await_start()
        return self._statement(
            self._runner.run(operations.start_statement(self._path, code, kind))
        )

    def sql(self, query: str, *, timeout: Optional[float] = None) -> pandas.DataFrame:
        """Runs a SQL statement and returns its whole result as a frame of pandas."""
        return self.execute(query, "sql", timeout=timeout).to_pandas()

    def statement(self, number: int) -> Statement:
        """Returns one of its statements, whoever has sent it."""
        return self._statement(
            self._runner.run(operations.session_info(f"{self._path}/statements/{number}"))
        )

    def submit(
        self, function: Callable[Concatenate[JobContext, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> JobHandle[T]:
        """Sends a function to the session's Python and returns a handle of its future value.

        The function gets the ``JobContext`` first, then the arguments. Jobs run beside statements
        and each other. A session that starts takes them too.
        """
        payload = dump_job(function, args, kwargs)
        return self._handle(self._runner.run(operations.submit_job(self._path, payload)))

    def run(
        self, function: Callable[Concatenate[JobContext, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a function in the session's Python and returns its value; Ctrl-C cancels it."""
        payload = dump_job(function, args, kwargs)
        ended = self._runner.run(operations.run_job(self._path, payload, self._retry_for))
        return job_result(int(ended["id"]), ended)  # type: ignore[no-any-return]

    def job(self, number: int) -> JobHandle[Any]:
        """Returns a handle of a job that was sent before, for as long as the server keeps it."""
        self._runner.run(operations.find_job(self._path, number))
        return self._handle(number)

    def jobs(self) -> List[JobStatus]:
        """Returns how the session's jobs stand, oldest first."""
        return [JobStatus.of(job) for job in self._runner.run(operations.list_jobs(self._path))]

    def upload_jar(self, path: Union[str, os.PathLike[str]]) -> None:
        """Adds a jar of this machine; returns when the session's code can use it."""
        self._upload("jar", "jar", path)

    def upload_file(self, path: Union[str, os.PathLike[str]]) -> None:
        """Adds a file of this machine, which code finds by ``SparkFiles.get(name)``."""
        self._upload("file", "file", path)

    def upload_pyfile(self, path: Union[str, os.PathLike[str]]) -> None:
        """Adds a module of this machine (.py), or an archive of modules (.zip, .egg)."""
        self._upload("pyfile", "file", path)

    def add_jar(self, uri: str) -> None:
        """Adds a jar that the driver can read."""
        self._runner.run(operations.add(self._path, "jar", uri))

    def add_file(self, uri: str) -> None:
        """Adds a file that the driver can read, which code finds by ``SparkFiles.get(name)``."""
        self._runner.run(operations.add(self._path, "file", uri))

    def add_pyfile(self, uri: str) -> None:
        """Adds a module, or an archive of modules, that the driver can read."""
        self._runner.run(operations.add(self._path, "pyfile", uri))

    def interrupt(self) -> None:
        """Stops the statement that runs, whoever has sent it."""
        self._runner.run(operations.post(self._path + "/interrupt"))

    def events(self) -> Iterator[Event]:
        """Follows all that happens in it until its end, beginning with what the server still knows."""
        events = EventStream(self._path + "/events", self._retry_for)
        try:
            while True:
                event = self._runner.run(events.next())
                if event is None:
                    return
                yield event
        finally:
            self._runner.run(events.close())

    def end(self) -> None:
        """Ends the session, whoever has opened it, and closes this."""
        try:
            self._runner.run(operations.end_session(self._path, self._retry_for))
        finally:
            self._disconnect()

    def close(self) -> None:
        """Leaves the session, and ends it if this has opened it and was not told to keep it."""
        if self._closed:
            return
        if self._ends:
            self.end()
        else:
            self._disconnect()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def _await_start(self) -> None:
        if not self._ready:
            self.wait_ready()

    def _statement(self, told: Mapping[str, Any]) -> Statement:
        return Statement(
            self._runner, f"{self._path}/statements/{told['id']}", told, self._retry_for
        )

    def _handle(self, job: int) -> JobHandle[Any]:
        handle: JobHandle[Any] = JobHandle(self._runner, self._path, job, self._retry_for)
        self._watcher.watch(handle)
        return handle

    def _upload(self, kind: str, field: str, path: Union[str, os.PathLike[str]]) -> None:
        with open(path, "rb") as content:
            name = os.path.basename(os.fspath(path))
            self._runner.run(operations.upload(self._path, kind, Upload(field, name, content)))

    def _disconnect(self) -> None:
        self._closed = True
        self._watcher.close()
        self._runner.close()


@with_options
def connect(
    url: str,
    session: Union[int, str, None] = None,
    *,
    keep: bool = False,
    **options: Unpack[Options],
) -> Session:
    """Opens a session of the server at ``url``, or joins the one that ``session`` says.

    ``session`` is a number or a name; without it, one is opened with the settings among the
    options, which ``SessionSettings`` describes. It starts in the background, and what needs it
    waits for it. ``keep`` lets a session that this opens go on after ``close``. How the server is
    reached is among the options too, as ``ConnectionOptions`` describes it.
    """
    of_connection, settings = split(options)
    told_how = operations.open_or_join(session, settings)
    connection = Connection.to(url, **of_connection)
    runner = BlockingRunner(connection)
    try:
        told = runner.run(told_how)
    except BaseException:
        runner.close()
        raise
    return Session(connection, runner, told, session is None, keep)
