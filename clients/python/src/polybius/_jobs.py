"""Handles of jobs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import (
    Any,
    AsyncIterator,
    Awaitable,
    Generator,
    Iterator,
    Mapping,
    Optional,
    Set,
    Tuple,
    TypeVar,
)

from polybius import _operations as operations
from polybius._connection import Connection
from polybius._errors import JobError, JobFailed, SessionError
from polybius._events import EventStream
from polybius._pickles import job_result
from polybius._runners import AsyncRunner, BlockingRunner

T = TypeVar("T")


@dataclass(frozen=True)
class JobStatus:
    """How a job stands."""

    id: int
    kind: str
    """``pyspark``, or ``spark`` for jobs of Java and Scala clients."""
    state: str
    """``SENT``, ``QUEUED``, ``STARTED``, ``SUCCEEDED``, ``FAILED`` or ``CANCELLED``."""
    progress: float
    """The share of its Spark tasks that are done, from 0.0 to 1.0."""
    error: Optional[str]
    """The first line of why it has failed."""

    @staticmethod
    def of(told: Mapping[str, Any]) -> JobStatus:
        """Makes one of what the server lists."""
        return JobStatus(
            id=int(told["id"]),
            kind=str(told["kind"]),
            state=str(told["state"]),
            progress=float(told["progress"]),
            error=told.get("error"),
        )


class JobHandle(Future[T]):
    """A job of a session: a ``concurrent.futures.Future`` that the driver makes true.

    ``result``, ``exception``, ``done`` and ``add_done_callback`` are those of a future, and the
    functions of ``concurrent.futures`` take it. It becomes cancelled when the driver has stopped.
    Callbacks run in a thread of the session, in which nothing may wait for another of its jobs.
    """

    def __init__(self, runner: BlockingRunner, path: str, job: int, retry_for: float) -> None:
        super().__init__()
        self._runner = runner
        self._path = path
        self._address = f"{path}/jobs/{job}"
        self._job = job
        self._retry_for = retry_for

    @property
    def id(self) -> int:
        """Its number in its session, by which ``Session.job`` finds it again."""
        return self._job

    @property
    def state(self) -> str:
        """How it stands now, as in ``JobStatus``."""
        return str(self._runner.run(operations.job_status(self._address, self._retry_for))["state"])

    @property
    def progress(self) -> float:
        """The share of its Spark tasks that are done now, from 0.0 to 1.0."""
        return self.status().progress

    def status(self) -> JobStatus:
        """Returns how it stands now."""
        return JobStatus.of(self._runner.run(operations.find_job(self._path, self._job)))

    def running(self) -> bool:
        """Whether the driver has it and it has not ended."""
        return not self.done() and self.state == "STARTED"

    def cancel(self) -> bool:
        """Tells the driver to stop it, with its Spark jobs; false if it has ended before.

        It ends as cancelled when the driver has done that, unless its end comes first.
        """
        if self.done():
            return self.cancelled()
        self._runner.run(operations.post(self._address + "/cancel"))
        return True

    def events(self) -> Iterator[JobStatus]:
        """Follows its state and its progress until it has ended."""
        events = EventStream(self._address + "/events", self._retry_for)
        try:
            while True:
                event = self._runner.run(events.next())
                if event is None:
                    return
                if event.type == "job":
                    yield JobStatus.of(event.data)
        finally:
            self._runner.run(events.close())

    def __repr__(self) -> str:
        ended = "cancelled" if self.cancelled() else "ended" if self.done() else "not ended"
        return f"<polybius.JobHandle {self._job}: {ended}>"

    def _read(self, status: Mapping[str, Any]) -> Tuple[Any, Optional[Exception]]:
        """Returns its result, or what became of it, from what the server says of an ended job."""
        try:
            return job_result(self._job, status), None
        except Exception as e:
            return None, e

    def _end(self, result: Any, error: Optional[Exception]) -> None:
        """Makes it true."""
        if isinstance(error, concurrent.futures.CancelledError):
            super().cancel()
            # Those who wait for several futures hear of it by this.
            self.set_running_or_notify_cancel()
        elif error is not None:
            self.set_exception(error)
        else:
            self.set_result(result)


class JobWatcher:
    """Waits for the ends of all jobs of a session, in one thread that begins with the first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._handles: Set[JobHandle[Any]] = set()
        self._thread: Optional[_LoopThread] = None
        self._closed = False

    def watch(self, handle: JobHandle[Any]) -> None:
        """Makes a handle true when its job has ended."""
        with self._lock:
            if self._closed:
                raise SessionError("the session is closed")
            if self._thread is None:
                self._thread = _LoopThread(self._connection)
                self._thread.start()
            self._handles.add(handle)
            asyncio.run_coroutine_threadsafe(
                self._await_end(self._thread.runner, handle), self._thread.loop
            )

    def close(self) -> None:
        """Ends the thread; jobs that have not ended cannot be waited for any more."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
        with self._lock:
            left = list(self._handles)
            self._handles.clear()
        for handle in left:
            handle.set_exception(
                SessionError(f"the session was closed before job {handle.id} had ended")
            )

    async def _await_end(self, runner: AsyncRunner, handle: JobHandle[Any]) -> None:
        try:
            status = await runner.run(
                operations.await_job(handle._address, None, self._connection.retry_for)
            )
            # Large results take their time, in which other jobs end.
            loop = asyncio.get_running_loop()
            result, error = await loop.run_in_executor(None, handle._read, status)
        except Exception as e:
            result, error = None, e
        if self._forget(handle):
            handle._end(result, error)

    def _forget(self, handle: JobHandle[Any]) -> bool:
        """Returns whether it is still to be told of its end."""
        with self._lock:
            known = handle in self._handles
            self._handles.discard(handle)
            return known


class _LoopThread(threading.Thread):
    """A thread with an event loop and connections of its own."""

    def __init__(self, connection: Connection) -> None:
        # A program may end without having closed its sessions.
        super().__init__(name="polybius-jobs", daemon=True)
        self.loop = asyncio.new_event_loop()
        self.runner = AsyncRunner(connection)

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(self._end())
        finally:
            self.loop.close()

    def stop(self) -> None:
        """Ends it and waits for that, unless it is the one that asks."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        if self is not threading.current_thread():
            self.join()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Its threads would end at some time, when they are garbage.
        await self.loop.shutdown_default_executor()
        await self.runner.close()


class AsyncJobHandle(Awaitable[T]):
    """A job of a session, for asyncio: ``await`` it for its result."""

    def __init__(self, runner: AsyncRunner, path: str, job: int, retry_for: float) -> None:
        self._runner = runner
        self._path = path
        self._address = f"{path}/jobs/{job}"
        self._job = job
        self._retry_for = retry_for
        self._ended: Optional[Mapping[str, Any]] = None

    @property
    def id(self) -> int:
        """Its number in its session, by which ``AsyncSession.job`` finds it again."""
        return self._job

    def __await__(self) -> Generator[Any, None, T]:
        return self.result().__await__()

    async def result(self, timeout: Optional[float] = None) -> T:
        """Waits for its end and returns what it has returned, or raises what became of it."""
        if self._ended is None:
            self._ended = await self._runner.run(
                operations.await_job(self._address, timeout, self._retry_for)
            )
        return job_result(self._job, self._ended)  # type: ignore[no-any-return]

    async def exception(self, timeout: Optional[float] = None) -> Optional[Exception]:
        """Waits for its end and returns why it has failed, if it has."""
        try:
            await self.result(timeout)
        except (JobFailed, JobError) as e:
            return e
        return None

    async def done(self) -> bool:
        """Whether it has ended."""
        return self._ended is not None or await self.state() in operations.JOB_ENDS

    async def state(self) -> str:
        """Returns how it stands now, as in ``JobStatus``."""
        told = await self._runner.run(operations.job_status(self._address, self._retry_for))
        return str(told["state"])

    async def progress(self) -> float:
        """Returns the share of its Spark tasks that are done now, from 0.0 to 1.0."""
        return (await self.status()).progress

    async def status(self) -> JobStatus:
        """Returns how it stands now."""
        return JobStatus.of(await self._runner.run(operations.find_job(self._path, self._job)))

    async def cancel(self) -> None:
        """Tells the driver to stop it, with its Spark jobs; one that has ended is left alone."""
        await self._runner.run(operations.post(self._address + "/cancel"))

    async def events(self) -> AsyncIterator[JobStatus]:
        """Follows its state and its progress until it has ended."""
        events = EventStream(self._address + "/events", self._retry_for)
        try:
            while True:
                event = await self._runner.run(events.next())
                if event is None:
                    return
                if event.type == "job":
                    yield JobStatus.of(event.data)
        finally:
            await self._runner.run(events.close())

    def __repr__(self) -> str:
        return f"<polybius.AsyncJobHandle {self._job}>"
