import asyncio
import base64
import concurrent.futures
import pickle
import sys
import threading
import time
import types

import cloudpickle
import pytest
from conftest import CutOff, Pieces, Reply, event

import polybius
from polybius import JobContext
from polybius._pickles import dump_job

JOBS = "/sessions/0/jobs"


class Driver:
    """Runs jobs as a driver does: it knows nothing of this package."""

    def __init__(self, server):
        self.server = server
        self.payloads = []
        self.release = threading.Event()
        self.release.set()
        self.cancelled = set()
        server.on("POST", "/sessions/0/submit-job", self.submit)

    def submit(self, asked):
        body = asked.json()
        assert body["jobType"] == "pyspark"
        self.payloads.append(base64.b64decode(body["job"]))
        number = len(self.payloads)
        self.server.on("GET", f"{JOBS}/{number}", lambda asked: self.status(number))
        self.server.on("POST", f"{JOBS}/{number}/cancel", lambda asked: self.cancel(number))
        return Reply(self.told(number, "SENT"), 201)

    def status(self, number):
        if number in self.cancelled:
            return self.told(number, "CANCELLED")
        if not self.release.wait(0.1):
            return self.told(number, "STARTED")
        try:
            value = pickle.loads(self.payloads[number - 1])(types.SimpleNamespace(sc="sc"))
            result = base64.b64encode(base64.b64encode(cloudpickle.dumps(value))).decode()
            return self.told(number, "SUCCEEDED", result=result)
        except Exception as e:
            error = f"Traceback (most recent call last):\n  ...\n{type(e).__name__}: {e}\n"
            return self.told(number, "FAILED", error=error)

    def cancel(self, number):
        self.cancelled.add(number)
        return Reply()

    @staticmethod
    def told(number, state, result=None, error=None):
        return {"id": number, "state": state, "result": result, "error": error}


@pytest.fixture
def driver(server):
    return Driver(server)


@pytest.fixture
def session(server, driver):
    with polybius.connect(server.url, 0, retry_for=5) as joined:
        yield joined


def annotated(context: JobContext, n: int, *, more: int = 0) -> int:
    return n + more


def test_values_and_arguments(session):
    assert session.run(lambda context: context.sc) == "sc"
    assert session.run(lambda context: None) is None
    assert session.run(lambda context, a, b=0: (a, b), 1, b=2) == (1, 2)
    assert session.submit(annotated, 1, more=2).result(10) == 3


def test_a_job_carries_nothing_of_this_package(session, driver):
    def local(context: JobContext) -> int:
        return 7

    assert session.run(local) == 7
    assert b"polybius" not in driver.payloads[0].replace(b"test_polybius", b"")


def test_objects_of_classes_of_the_program_come_back_as_such(session):
    module = types.ModuleType("__main__")
    exec("class Point:\n  def __init__(self, x): self.x = x\n", module.__dict__)
    point = module.Point(3)
    assert isinstance(session.run(lambda context: point), module.Point)


def test_a_failed_job_says_what_its_driver_says(session):
    def boom(context):
        raise ValueError("boom")

    with pytest.raises(polybius.JobFailed, match="job 1 failed: ValueError: boom") as e:
        session.run(boom)
    assert "Traceback" in e.value.traceback
    handle = session.submit(boom)
    assert isinstance(handle.exception(10), polybius.JobFailed)


def test_errors_of_java_begin_with_what_has_happened(session, driver, server):
    error = "java.lang.OutOfMemoryError: heap\n\tat X\n"
    server.on("POST", "/sessions/0/submit-job", Reply(driver.told(1, "SENT"), 201))
    server.on("GET", JOBS + "/1", driver.told(1, "FAILED", error=error))
    with pytest.raises(polybius.JobFailed, match="failed: java.lang.OutOfMemoryError: heap"):
        session.run(annotated, 1)


def test_a_module_that_the_driver_has_not_is_named(session, driver, server):
    error = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'mine.sub'\n"
    server.on("POST", "/sessions/0/submit-job", Reply(driver.told(1, "SENT"), 201))
    server.on("GET", JOBS + "/1", driver.told(1, "FAILED", error=error))
    with pytest.raises(polybius.JobFailed, match=r"upload_pyfile.*register_pickle_by_value\(mine\)"):
        session.run(annotated, 1)


def test_another_python_says_so_before_it_reads_the_job(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 8, 0, "final", 0))
    payload = base64.b64decode(dump_job(lambda context: 1, (), {}))
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match=r"made by Python 3.8, and the session has Python 3\.\d+"):
        pickle.loads(payload)


def test_what_cannot_be_sent_or_read_says_so(session, driver, server):
    lock = threading.Lock()
    with pytest.raises(polybius.JobError, match="cannot be sent"):
        session.submit(lambda context: lock)
    with pytest.raises(TypeError, match="a job is a function"):
        session.submit(3)
    assert driver.payloads == []
    for read, says in ((b"cnowhere\nthing\n.", "Install what it is made of"), (b"\xff", "cannot be read")):
        twice = base64.b64encode(base64.b64encode(read)).decode()
        server.on("GET", JOBS + "/1", driver.told(1, "SUCCEEDED", result=twice))
        server.on("POST", "/sessions/0/submit-job", Reply(driver.told(1, "SENT"), 201))
        with pytest.raises(polybius.JobError, match=says):
            session.run(annotated, 1)


def test_handles_are_futures(session, driver):
    driver.release.clear()
    handles = [session.submit(annotated, n) for n in range(5)]
    assert not any(handle.done() for handle in handles)
    with pytest.raises(concurrent.futures.TimeoutError):
        handles[0].result(0.1)
    called = []
    handles[0].add_done_callback(called.append)
    driver.release.set()
    results = {each.result() for each in concurrent.futures.as_completed(handles, 10)}
    assert results == {0, 1, 2, 3, 4}
    assert called == [handles[0]]


def test_a_result_that_takes_time_to_read_holds_up_no_other(session):
    def slow(context):
        class Slow:
            def __reduce__(self):
                return time.sleep, (1.5,)

        return Slow()

    first = session.submit(slow)
    time.sleep(0.3)
    assert session.submit(annotated, 2).result(10) == 2
    assert not first.done()
    assert first.result(10) is None


def test_jobs_outlast_a_restart_of_the_server(server, session, driver):
    driver.release.clear()
    handle = session.submit(annotated, 1)
    server.on(
        "GET", JOBS + "/1", CutOff(), Reply(b"", 503), CutOff(), lambda asked: driver.status(1)
    )
    driver.release.set()
    assert handle.result(10) == 1


def test_a_job_that_is_cancelled(session, driver):
    driver.release.clear()
    handle, other = session.submit(annotated, 1), session.submit(annotated, 2)
    assert handle.state == "STARTED" and handle.running()
    assert handle.cancel()
    concurrent.futures.wait([handle], 10)
    assert handle.cancelled() and handle.done() and handle.cancel() and not handle.running()
    with pytest.raises(concurrent.futures.CancelledError):
        handle.result(10)
    driver.release.set()
    assert other.result(10) == 2
    assert not other.cancel()


def test_somebody_else_cancels_a_job_that_is_run(session, driver, server):
    server.on("POST", "/sessions/0/submit-job", Reply(driver.told(1, "SENT"), 201))
    server.on("GET", JOBS + "/1", driver.told(1, "CANCELLED"))
    with pytest.raises(polybius.JobCancelled):
        session.run(annotated, 1)


def test_progress_and_events(server, session, driver):
    driver.release.clear()
    handle = session.submit(annotated, 1)
    told = {"id": 1, "kind": "pyspark", "state": "STARTED", "progress": 0.5, "error": None}
    server.on("GET", JOBS, {"total_jobs": 1, "jobs": [told]})
    assert handle.progress == 0.5
    assert session.jobs() == [polybius.JobStatus(1, "pyspark", "STARTED", 0.5, None)]
    server.on(
        "GET",
        JOBS + "/1/events",
        Pieces([event(1, "job", told), OSError()]),
        Pieces([event(2, "job", {**told, "state": "SUCCEEDED", "progress": 1.0})]),
        Reply(status=204),
    )
    assert [(each.state, each.progress) for each in handle.events()] == [
        ("STARTED", 0.5),
        ("SUCCEEDED", 1.0),
    ]
    driver.release.set()
    assert session.job(1).result(10) == 1


def test_a_job_is_found_where_older_ones_have_been_forgotten(server, session):
    def listed(asked):
        jobs = [
            {"id": n, "kind": "pyspark", "state": "STARTED", "progress": n / 100, "error": None}
            for n in (50, 51, 52)
        ]
        start = int(asked.query.get("from", 0))
        return {"total_jobs": 3, "jobs": jobs[start : start + int(asked.query.get("size", 9))]}

    server.on("GET", JOBS, listed)
    server.on("GET", JOBS + "/51", {"id": 51, "state": "SUCCEEDED", "result": None, "error": None})
    assert session.job(51).progress == 0.51
    with pytest.raises(polybius.NotFoundError, match="Job 3 is not kept"):
        session.job(3)


def test_closing_ends_the_waits(server, driver):
    driver.release.clear()
    session = polybius.connect(server.url, 0)
    handle = session.submit(annotated, 1)
    session.close()
    with pytest.raises(polybius.SessionError, match="closed before job 1"):
        handle.result(10)


def test_a_callback_may_close_the_session(server, driver):
    session = polybius.connect(server.url, 0)
    driver.release.clear()
    first, second = session.submit(annotated, 1), session.submit(annotated, 2)
    first.add_done_callback(lambda ended: session.close())
    first.cancel()
    with pytest.raises(polybius.SessionError, match="closed before job 2"):
        second.result(10)
    with pytest.raises(RuntimeError, match="closed"):
        session.submit(annotated, 3)
    for thread in threading.enumerate():
        if thread.name == "polybius-jobs":
            thread.join(10)


def test_async_jobs(server, driver):
    async def use():
        async with polybius.connect_async(server.url, 0) as session:
            assert await asyncio.gather(*(session.run(annotated, n) for n in range(5))) == [0, 1, 2, 3, 4]
            handle = await session.submit(annotated, 1, more=1)
            assert await handle == 2 and await handle.result() == 2 and await handle.done()
            assert await handle.exception() is None

            def boom(context):
                raise ValueError("boom")

            with pytest.raises(polybius.JobFailed, match="boom"):
                await (await session.submit(boom))
            driver.release.clear()
            slow = await session.submit(annotated, 1)
            with pytest.raises(polybius.WaitTimeout):
                await slow.result(0.2)
            assert await slow.state() == "STARTED"
            await slow.cancel()
            with pytest.raises(polybius.JobCancelled):
                await slow
            task = asyncio.ensure_future(session.run(annotated, 1))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(use())
    assert len(driver.cancelled) == 2


def test_a_timeout_of_a_job_leaves_it_running(session, driver):
    driver.release.clear()
    handle = session.submit(annotated, 1)
    begun = time.monotonic()
    with pytest.raises(concurrent.futures.TimeoutError):
        handle.result(0.2)
    assert time.monotonic() - begun < 2
    assert driver.cancelled == set()
    driver.release.set()
    assert handle.result(10) == 1
