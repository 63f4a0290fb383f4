"""Sessions for asyncio."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Type, TypeVar, Union

from polybius import _operations as operations
from polybius._connection import Connection
from polybius._events import Event, EventStream
from polybius._jobs import AsyncJobHandle, JobStatus
from polybius._operations import OnOutput
from polybius._options import split, with_options
from polybius._pickles import dump_job, job_result
from polybius._runners import AsyncRunner
from polybius._screen import Screen
from polybius._session import START_TIMEOUT, SessionData
from polybius._statement import AsyncStatement
from polybius._steps import Operation, Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    import pandas
    from typing_extensions import Concatenate, ParamSpec, Unpack

    from polybius._context import JobContext
    from polybius._options import Options

    P = ParamSpec("P")

T = TypeVar("T")


class AsyncSession(SessionData):
    """A session of a server for asyncio, which ``connect_async`` opens or joins.

    As a context manager it ends the session when it has opened it, unless it was told to keep it.
    It belongs to the event loop in which it was made.
    """

    def __init__(
        self,
        connection: Connection,
        runner: AsyncRunner,
        told: Mapping[str, Any],
        opened: bool,
        keep: bool,
    ) -> None:
        super().__init__(connection, told, opened, keep)
        self._runner = runner

    async def state(self) -> str:
        """Returns how it is now, in the words of ``Session.state``."""
        return str((await self.info())["state"])

    async def info(self) -> Dict[str, Any]:
        """Returns all that the server tells of it, as in docs/rest-api.md."""
        self._told = await self._runner.run(operations.session_info(self._path))
        return dict(self._told)

    async def log(self, start: int = -1, size: int = 100) -> List[str]:
        """Returns lines of its log: the last ones, or from the line ``start``."""
        return await self._runner.run(operations.session_log(self._path, start, size))

    async def wait_ready(self, timeout: Optional[float] = START_TIMEOUT) -> AsyncSession:
        """Waits until it has started; raises ``SessionError`` with its log if it cannot."""
        self._told = await self._runner.run(
            operations.await_ready(self._path, timeout, self._retry_for)
        )
        self._ready = True
        return self

    async def execute(
        self,
        code: str,
        kind: Optional[str] = None,
        *,
        timeout: Optional[float] = None,
        show: bool = False,
        on_output: Optional[OnOutput] = None,
        check: bool = True,
    ) -> AsyncStatement:
        """Runs a statement and waits for its end.

        ``kind`` is its language, by default the session's. With ``show``, what it puts out is
        printed and displayed here as it comes; with ``on_output``, that function gets it. One that
        fails raises ``StatementError``, unless ``check`` is false. When ``timeout`` seconds are
        over, or the task is cancelled, so is the statement. Who follows its output may notice the
        end of the time 15 seconds later, when nothing is put out.
        """
        await self._await_start()
        told = await self._runner.run(
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

    async def start(self, code: str, kind: Optional[str] = None) -> AsyncStatement:
        """Runs a statement without waiting for its end."""
        await self._await_start()
        return self._statement(
            await self._runner.run(operations.start_statement(self._path, code, kind))
        )

    async def sql(self, query: str, *, timeout: Optional[float] = None) -> pandas.DataFrame:
        """Runs a SQL statement and returns its whole result as a frame of pandas."""
        statement = await self.execute(query, "sql", timeout=timeout)
        return await statement.to_pandas()

    async def statement(self, number: int) -> AsyncStatement:
        """Returns one of its statements, whoever has sent it."""
        return self._statement(
            await self._runner.run(operations.session_info(f"{self._path}/statements/{number}"))
        )

    async def submit(
        self, function: Callable[Concatenate[JobContext, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncJobHandle[T]:
        """Sends a function to the session's Python and returns a handle of its future value.

        The function gets the ``JobContext`` first, then the arguments. Jobs run beside statements
        and each other. A session that starts takes them too.
        """
        payload = dump_job(function, args, kwargs)
        return self._handle(await self._runner.run(operations.submit_job(self._path, payload)))

    async def run(
        self, function: Callable[Concatenate[JobContext, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a function in the session's Python and returns its value.

        It is cancelled with the task that waits for it.
        """
        payload = dump_job(function, args, kwargs)
        ended = await self._runner.run(
            operations.run_job(self._path, payload, self._retry_for)
        )
        return job_result(int(ended["id"]), ended)  # type: ignore[no-any-return]

    async def job(self, number: int) -> AsyncJobHandle[Any]:
        """Returns a handle of a job that was sent before, for as long as the server keeps it."""
        await self._runner.run(operations.find_job(self._path, number))
        return self._handle(number)

    async def jobs(self) -> List[JobStatus]:
        """Returns how the session's jobs stand, oldest first."""
        return [JobStatus.of(job) for job in await self._runner.run(operations.list_jobs(self._path))]

    async def upload_jar(self, path: Union[str, os.PathLike[str]]) -> None:
        """Adds a jar of this machine; returns when the session's code can use it."""
        await self._upload("jar", "jar", path)

    async def upload_file(self, path: Union[str, os.PathLike[str]]) -> None:
        """Adds a file of this machine, which code finds by ``SparkFiles.get(name)``."""
        await self._upload("file", "file", path)

    async def upload_pyfile(self, path: Union[str, os.PathLike[str]]) -> None:
        """Adds a module of this machine (.py), or an archive of modules (.zip, .egg)."""
        await self._upload("pyfile", "file", path)

    async def add_jar(self, uri: str) -> None:
        """Adds a jar that the driver can read."""
        await self._runner.run(operations.add(self._path, "jar", uri))

    async def add_file(self, uri: str) -> None:
        """Adds a file that the driver can read, which code finds by ``SparkFiles.get(name)``."""
        await self._runner.run(operations.add(self._path, "file", uri))

    async def add_pyfile(self, uri: str) -> None:
        """Adds a module, or an archive of modules, that the driver can read."""
        await self._runner.run(operations.add(self._path, "pyfile", uri))

    async def interrupt(self) -> None:
        """Stops the statement that runs, whoever has sent it."""
        await self._runner.run(operations.post(self._path + "/interrupt"))

    async def events(self) -> AsyncIterator[Event]:
        """Follows all that happens in it until its end, beginning with what the server still knows."""
        events = EventStream(self._path + "/events", self._retry_for)
        try:
            while True:
                event = await self._runner.run(events.next())
                if event is None:
                    return
                yield event
        finally:
            await self._runner.run(events.close())

    async def end(self) -> None:
        """Ends the session, whoever has opened it, and closes this."""
        try:
            await self._runner.run(operations.end_session(self._path, self._retry_for))
        finally:
            await self._disconnect()

    async def close(self) -> None:
        """Leaves the session, and ends it if this has opened it and was not told to keep it."""
        if self._closed:
            return
        if self._ends:
            await self.end()
        else:
            await self._disconnect()

    async def __aenter__(self) -> AsyncSession:
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def _await_start(self) -> None:
        if not self._ready:
            await self.wait_ready()

    def _statement(self, told: Mapping[str, Any]) -> AsyncStatement:
        return AsyncStatement(
            self._runner, f"{self._path}/statements/{told['id']}", told, self._retry_for
        )

    def _handle(self, job: int) -> AsyncJobHandle[Any]:
        return AsyncJobHandle(self._runner, self._path, job, self._retry_for)

    async def _upload(self, kind: str, field: str, path: Union[str, os.PathLike[str]]) -> None:
        with open(path, "rb") as content:
            name = os.path.basename(os.fspath(path))
            await self._runner.run(operations.upload(self._path, kind, Upload(field, name, content)))

    async def _disconnect(self) -> None:
        self._closed = True
        await self._runner.close()


class Connecting:
    """A session that is being opened or joined: ``await`` it, or enter it by ``async with``."""

    def __init__(
        self,
        connection: Connection,
        operation: Operation[Dict[str, Any]],
        opened: bool,
        keep: bool,
    ) -> None:
        self._connection = connection
        self._operation = operation
        self._opened = opened
        self._keep = keep
        self._session: Optional[AsyncSession] = None

    def __await__(self) -> Generator[Any, None, AsyncSession]:
        return self._connect().__await__()

    async def __aenter__(self) -> AsyncSession:
        self._session = await self._connect()
        return self._session

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def _connect(self) -> AsyncSession:
        runner = AsyncRunner(self._connection)
        try:
            told = await runner.run(self._operation)
        except BaseException:
            await runner.close()
            raise
        return AsyncSession(self._connection, runner, told, self._opened, self._keep)


@with_options
def connect_async(
    url: str,
    session: Union[int, str, None] = None,
    *,
    keep: bool = False,
    **options: Unpack[Options],
) -> Connecting:
    """Opens or joins a session for asyncio, by what ``connect`` takes.

    ``session = await connect_async(...)``, or ``async with connect_async(...) as session``.
    """
    of_connection, settings = split(options)
    told_how = operations.open_or_join(session, settings)
    return Connecting(Connection.to(url, **of_connection), told_how, session is None, keep)
