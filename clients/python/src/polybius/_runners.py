"""Do the steps of operations with httpx: one runner blocks, one is for asyncio."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional, TypeVar

import httpx

from polybius._connection import Connection
from polybius._errors import ConnectionFailed
from polybius._steps import (
    Answer,
    CloseStream,
    OpenStream,
    Operation,
    Pause,
    ReadStream,
    Request,
    Step,
    Stream,
)

T = TypeVar("T")


class BlockingRunner:
    """Does operations in the thread that asks; threads may share it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = httpx.Client(**_client_options(connection))

    def run(self, operation: Operation[T]) -> T:
        """Does an operation to its end."""
        try:
            step = next(operation)
            while True:
                try:
                    done = self._do(step)
                except BaseException as e:  # The operation says what Ctrl-C means.
                    step = operation.throw(e)
                else:
                    step = operation.send(done)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Closes its connections."""
        self._client.close()

    def _do(self, step: Step) -> Any:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        if isinstance(step, CloseStream):
            step.stream.handle.response.close()
            return None
        with _failures(self._connection):
            if isinstance(step, Request):
                return _answer(step, self._client.send(self._request(step)))
            if isinstance(step, ReadStream):
                return next(step.stream.handle.pieces, b"")
            response = self._client.send(self._request(step.request), stream=True)
            if response.status_code != 200:
                response.read()
                return Stream(_answer(step.request, response), None)
            return Stream(
                _head(step.request, response), _Opened(response, response.iter_bytes())
            )

    def _request(self, request: Request) -> httpx.Request:
        return self._client.build_request(**_request_options(self._connection, request))


class AsyncRunner:
    """Does operations in an event loop."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = httpx.AsyncClient(**_client_options(connection))

    async def run(self, operation: Operation[T]) -> T:
        """Does an operation to its end."""
        try:
            step = next(operation)
            while True:
                try:
                    done = await self._do(step)
                except BaseException as e:  # The operation says what a cancelled task means.
                    step = operation.throw(e)
                else:
                    step = operation.send(done)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        if isinstance(step, CloseStream):
            await step.stream.handle.response.aclose()
            return None
        with _failures(self._connection):
            if isinstance(step, Request):
                return _answer(step, await self._client.send(self._request(step)))
            if isinstance(step, ReadStream):
                try:
                    return await step.stream.handle.pieces.__anext__()
                except StopAsyncIteration:
                    return b""
            response = await self._client.send(self._request(step.request), stream=True)
            if response.status_code != 200:
                await response.aread()
                return Stream(_answer(step.request, response), None)
            return Stream(
                _head(step.request, response), _Opened(response, response.aiter_bytes())
            )

    def _request(self, request: Request) -> httpx.Request:
        return self._client.build_request(**_request_options(self._connection, request))


class _Opened:
    """A stream of httpx and what is still to come of it."""

    def __init__(self, response: httpx.Response, pieces: Any) -> None:
        self.response = response
        self.pieces = pieces


def _client_options(connection: Connection) -> Dict[str, Any]:
    return {
        "auth": connection.auth,
        "headers": connection.headers,
        "verify": connection.tls,
        # A proxy of the environment cannot reach what only this machine can.
        "trust_env": not connection.local,
        "timeout": httpx.Timeout(connection.timeout, connect=connection.connect_timeout),
        # Each waits for something, and no other may have to wait for that.
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=20),
    }


def _request_options(connection: Connection, request: Request) -> Dict[str, Any]:
    options: Dict[str, Any] = {
        "method": request.method,
        "url": connection.url + request.path,
        "params": dict(request.query) or None,
        "headers": dict(request.headers),
    }
    if request.body is not None:
        options["json"] = request.body
    if request.upload is not None:
        upload = request.upload
        options["files"] = {
            upload.field: (upload.name, upload.content, "application/octet-stream")
        }
    if request.patience is not None:
        options["timeout"] = httpx.Timeout(
            connection.timeout, read=request.patience, connect=connection.connect_timeout
        )
    return options


def _answer(request: Request, response: httpx.Response) -> Answer:
    return Answer(request, response.status_code, response.headers, response.content)


def _head(request: Request, response: httpx.Response) -> Answer:
    return Answer(request, response.status_code, response.headers, b"")


@contextmanager
def _failures(connection: Connection) -> Iterator[None]:
    """Tells failures of the network in the words of this package."""
    try:
        yield
    except httpx.TransportError as e:
        # The insides of the library would be sixty lines that say no more.
        raise _failure(connection, e) from None
    except httpx.InvalidURL as e:
        raise ValueError(f"{connection.url} is no address: {e}") from e


def _failure(connection: Connection, error: httpx.TransportError) -> ConnectionFailed:
    certificate = _certificate_error(error)
    if certificate is not None:
        failed = ConnectionFailed(
            f"the certificate of {connection.url} is not trusted: {certificate.verify_message}. "
            "Name the file with the certificate of its authority: verify='ca.pem'"
        )
        failed.hopeless = True
        return failed
    if isinstance(error, httpx.ConnectTimeout):
        return ConnectionFailed(f"{connection.url} does not answer: is the address right?")
    if isinstance(error, httpx.ConnectError):
        return ConnectionFailed(
            f"cannot connect to {connection.url} ({error}): is the server running there?"
        )
    if isinstance(error, httpx.TimeoutException):
        return ConnectionFailed(f"{connection.url} has not answered in time ({_name(error)})")
    return ConnectionFailed(f"the connection to {connection.url} broke: {error or _name(error)}")


def _name(error: Exception) -> str:
    return type(error).__name__


def _certificate_error(error: Optional[BaseException]) -> Optional[ssl.SSLCertVerificationError]:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
