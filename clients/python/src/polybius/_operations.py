"""What can be done with a session, as operations."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Union
from urllib.parse import quote

from polybius._errors import (
    ConnectionFailed,
    NotFoundError,
    PolybiusError,
    RequestError,
    SessionError,
    WaitTimeout,
)
from polybius._events import EventStream, Output, output_of, too_late
from polybius._settings import SessionSettings, session_request
from polybius._steps import Deadline, Operation, Request, Retries, Upload, call, persist

Json = Dict[str, Any]
OnOutput = Callable[[Output], object]

# How long one request waits for an end. Proxies cut off what is silent for a minute.
_LONG_POLL = 30.0
# How much longer than that the answer may take on its way.
_GRACE = 30.0
# The server waits so long for a driver that starts.
_UPLOAD = 330.0
# Ending a driver takes its time on a cluster.
_ENDING = 150.0
# Who leaves does not want to wait long for a server that is gone.
_RETRY_ENDING = 10.0
_LOG_LINES = 20

STARTING = ("not_started", "starting", "recovering")
ALIVE = ("idle", "busy")
STATEMENT_ENDS = ("available", "cancelled", "error")
JOB_ENDS = ("SUCCEEDED", "FAILED", "CANCELLED")


def session_path(session: Union[int, str]) -> str:
    """Returns the path of a session by its number or name."""
    return "/sessions/" + quote(str(session), safe="")


def open_session(body: Json) -> Operation[Json]:
    with _other_server():
        answer = yield from call(Request("POST", "/sessions", body=body))
    return _object(answer.json())


def session_info(path: str) -> Operation[Json]:
    answer = yield from call(Request("GET", path))
    return _object(answer.json())


def join_session(session: Union[int, str]) -> Operation[Json]:
    with _other_server():
        return (yield from session_info(session_path(session)))


@contextmanager
def _other_server() -> Iterator[None]:
    try:
        yield
    except NotFoundError as e:
        if e.message:
            raise
        # Without a word, it is not the session that is not there.
        raise NotFoundError(
            e.request, e.status, "there is no Polybius server at this address", e.request_id
        ) from e


def open_or_join(
    session: Union[int, str, None], settings: SessionSettings
) -> Operation[Json]:
    """Opens a session, or joins the one that is named."""
    if session is None:
        return open_session(session_request(settings))
    if settings:
        raise TypeError(
            f"{', '.join(settings)}: a session that is joined has been opened with settings of its own"
        )
    return join_session(session)


def end_session(path: str, retry_for: float) -> Operation[None]:
    """Ends a session, which would stay if that failed for a moment only."""
    retries = Retries(min(retry_for, _RETRY_ENDING))
    try:
        yield from persist(Request("DELETE", path, patience=_ENDING), retries)
    except NotFoundError:
        pass  # It has ended by itself, or by a request whose answer was lost.


def session_log(path: str, start: int, size: int) -> Operation[List[str]]:
    query = {"from": str(start), "size": str(size)}
    answer = yield from call(Request("GET", path + "/log", query=query))
    return [str(line) for line in answer.json()["log"]]


def post(path: str) -> Operation[None]:
    """Sends a request that has no body and whose answer says nothing."""
    yield from call(Request("POST", path))


def await_ready(path: str, timeout: Optional[float], retry_for: float) -> Operation[Json]:
    """Waits until a session can run something; raises why it cannot."""
    info = (yield from persist(Request("GET", path), Retries(retry_for))).json()
    if info["state"] in STARTING:
        events = EventStream(path + "/events", retry_for, timeout)
        try:
            while info["state"] in STARTING:
                event = yield from events.next()
                if event is None:
                    info = yield from session_info(path)
                    break
                if event.type == "session":
                    info = dict(event.data)
                elif event.type == "gap":
                    info = yield from session_info(path)
        except WaitTimeout as e:
            raise WaitTimeout(f"the session has not started within {timeout} seconds") from e
        finally:
            yield from events.close()
    if info["state"] not in ALIVE:
        raise (yield from _why_not(path, info))
    return _object(info)


def _why_not(path: str, info: Mapping[str, Any]) -> Operation[SessionError]:
    try:
        log = yield from session_log(path, -1, _LOG_LINES)
    except PolybiusError:
        log = list(info.get("log") or [])
    return SessionError(
        f"the session is {info['state']}, so it runs nothing more; its log ends with", log
    )


def start_statement(path: str, code: str, kind: Optional[str]) -> Operation[Json]:
    body = {"code": code} if kind is None else {"code": code, "kind": kind}
    answer = yield from call(Request("POST", path + "/statements", body=body))
    return _object(answer.json())


def await_statement(path: str, timeout: Optional[float], retry_for: float) -> Operation[Json]:
    return (yield from _await_end(path, STATEMENT_ENDS, timeout, retry_for))


def follow_statement(
    path: str, timeout: Optional[float], retry_for: float, on_output: OnOutput
) -> Operation[Json]:
    """Waits for a statement's end and tells what it puts out until then."""
    events = EventStream(path + "/events", retry_for, timeout)
    try:
        while True:
            event = yield from events.next()
            if event is None:
                return _object((yield from persist(Request("GET", path), Retries(retry_for))).json())
            if event.type == "output":
                on_output(output_of(event))
            elif event.type == "statement" and event.data["state"] in STATEMENT_ENDS:
                return _object(event.data)
    finally:
        yield from events.close()


def execute(
    path: str,
    code: str,
    kind: Optional[str],
    timeout: Optional[float],
    retry_for: float,
    on_output: Optional[OnOutput],
) -> Operation[Json]:
    """Runs a statement to its end; who stops waiting for it, stops it."""
    started = yield from start_statement(path, code, kind)
    statement = f"{path}/statements/{started['id']}"
    try:
        if on_output is None:
            return (yield from await_statement(statement, timeout, retry_for))
        return (yield from follow_statement(statement, timeout, retry_for, on_output))
    except (ConnectionFailed, RequestError, GeneratorExit):
        raise
    except BaseException:
        yield from _give_up(statement)
        raise


def outputs(path: str, retry_for: float) -> Operation[List[Output]]:
    """Returns what the server still knows of what an ended statement has put out."""
    events = EventStream(path + "/events", retry_for, _GRACE)
    found: List[Output] = []
    try:
        while True:
            event = yield from events.next()
            if event is None:
                return found
            if event.type == "output":
                found.append(output_of(event))
            elif event.type == "statement" and event.data["state"] in STATEMENT_ENDS:
                return found
    finally:
        yield from events.close()


def result(path: str, form: str, patience: float) -> Operation[bytes]:
    """Returns the whole table that a statement has shown."""
    request = Request("GET", path + "/result", query={"format": form}, patience=patience)
    return (yield from call(request)).content


def submit_job(path: str, payload: str) -> Operation[int]:
    body = {"job": payload, "jobType": "pyspark"}
    answer = yield from call(Request("POST", path + "/submit-job", body=body))
    return int(answer.json()["id"])


def await_job(path: str, timeout: Optional[float], retry_for: float) -> Operation[Json]:
    return (yield from _await_end(path, JOB_ENDS, timeout, retry_for))


def run_job(path: str, payload: str, retry_for: float) -> Operation[Json]:
    """Runs a job to its end; who stops waiting for it, stops it."""
    job = yield from submit_job(path, payload)
    address = f"{path}/jobs/{job}"
    try:
        return (yield from await_job(address, None, retry_for))
    except (ConnectionFailed, RequestError, GeneratorExit):
        raise
    except BaseException:
        yield from _give_up(address)
        raise


def job_status(path: str, retry_for: float) -> Operation[Json]:
    return _object((yield from persist(Request("GET", path), Retries(retry_for))).json())


def list_jobs(path: str) -> Operation[List[Json]]:
    answer = yield from call(Request("GET", path + "/jobs"))
    return [_object(job) for job in answer.json()["jobs"]]


def find_job(path: str, job: int) -> Operation[Json]:
    """Returns how a job stands, with its progress."""
    # Where none has been forgotten, this is it.
    query = {"from": str(job - 1), "size": "1"}
    near = (yield from call(Request("GET", path + "/jobs", query=query))).json()["jobs"]
    jobs = near if near and near[0]["id"] == job else (yield from list_jobs(path))
    for each in jobs:
        if each["id"] == job:
            return _object(each)
    raise NotFoundError(f"GET {path}/jobs", 404, f"Job {job} is not kept any more", None)


def upload(path: str, kind: str, part: Upload) -> Operation[None]:
    yield from call(Request("POST", f"{path}/upload-{kind}", upload=part, patience=_UPLOAD))


def add(path: str, kind: str, uri: str) -> Operation[None]:
    yield from call(Request("POST", f"{path}/add-{kind}", body={"uri": uri}, patience=_UPLOAD))


def _await_end(
    path: str, ends: tuple[str, ...], timeout: Optional[float], retry_for: float
) -> Operation[Json]:
    deadline = Deadline(timeout)
    retries = Retries(retry_for)
    while True:
        patience = deadline.within(_LONG_POLL)
        request = Request(
            "GET", path, query={"wait": f"{int(patience * 1000)}ms"}, patience=patience + _GRACE
        )
        found = _object((yield from persist(request, retries)).json())
        if found["state"] in ends:
            return found
        if deadline.over():
            raise too_late(path, timeout)


def _give_up(path: str) -> Operation[None]:
    try:
        yield Request("POST", path + "/cancel", patience=_GRACE)
    except ConnectionFailed:
        pass  # What stopped the wait says more.


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise PolybiusError(f"the server's answer is no object: {value!r:.200}")
    return value
