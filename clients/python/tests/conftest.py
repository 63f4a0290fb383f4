"""A small HTTP server that says what a test wants, and notes what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Tuple, Union
from urllib.parse import parse_qs, urlsplit

import pytest

SESSION = {"id": 0, "name": "etl", "state": "idle", "kind": "pyspark", "log": ["stdout: "]}


@dataclass
class Asked:
    """A request that has come."""

    method: str
    path: str
    query: Dict[str, str]
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer; a body that is no bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: Dict[str, str] = field(default_factory=dict)


@dataclass
class Pieces:
    """An answer that goes on; it is cut off when there is an ``OSError`` among its pieces."""

    pieces: Iterable[Union[bytes, OSError]]


class CutOff:
    """No answer, but the end of the connection."""


Answering = Union[Reply, Pieces, CutOff, Dict[str, Any]]


class FakeServer:
    def __init__(self, tls: Optional[ssl.SSLContext] = None, base: str = "") -> None:
        self.asked: List[Asked] = []
        self._base = base
        self._answers: Dict[Tuple[str, str], List[Union[Answering, Callable[[Asked], Answering]]]] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(
                    self.command,
                    parts.path,
                    {name: values[0] for name, values in parse_qs(parts.query).items()},
                    self.headers,
                    self.rfile.read(length),
                )
                fake.asked.append(asked)
                self.answer(fake.answer(asked))

            do_GET = do_POST = do_DELETE = handle_any

            def answer(self, answer: Answering) -> None:
                if isinstance(answer, CutOff):
                    self.close_connection = True
                elif isinstance(answer, Pieces):
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    try:
                        for piece in answer.pieces:
                            if isinstance(piece, OSError):
                                self.close_connection = True
                                return
                            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                        self.wfile.write(b"0\r\n\r\n")
                    except OSError:
                        self.close_connection = True  # The client has gone.
                else:
                    reply = answer if isinstance(answer, Reply) else Reply(answer)
                    body = reply.body
                    content = body if isinstance(body, bytes) else json.dumps(body).encode()
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    if reply.status != 204:
                        self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # Clients that leave are part of the tests.

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}{base}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.on("POST", "/sessions", Reply(SESSION, 201))
        self.on("GET", "/sessions/0", SESSION)
        self.on("GET", "/sessions/etl", SESSION)
        self.on("DELETE", "/sessions/0", {"msg": "deleted"})

    def on(self, method: str, path: str, *answers: Union[Answering, Callable[[Asked], Answering]]) -> None:
        """Says what is answered, in turn; the last answer is given again and again."""
        self._answers[method, path] = list(answers)

    def answer(self, asked: Asked) -> Answering:
        if not asked.path.startswith(self._base):
            return Reply(status=404)
        left = self._answers.get((asked.method, asked.path[len(self._base) :]))
        if not left:
            return Reply(status=404)
        answer = left.pop(0) if len(left) > 1 else left[0]
        return answer(asked) if callable(answer) else answer

    def requests(self, method: str, path: str) -> List[Asked]:
        return [each for each in self.asked if (each.method, each.path) == (method, path)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.delenv("POLYBIUS_TOKEN", raising=False)
    monkeypatch.delenv("POLYBIUS_TOKEN_FILE", raising=False)
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [each.name for each in threading.enumerate() if each.name == "polybius-jobs"] == []


def statement(state: str = "available", number: int = 0, **output: Any) -> Dict[str, Any]:
    return {
        "id": number,
        "code": "1 + 1",
        "state": state,
        "output": output or None,
        "progress": 1.0 if output else 0.0,
        "started": 1767225600000,
        "completed": 1767225600412 if output else 0,
    }


def ok(**data: Any) -> Dict[str, Any]:
    shown = {name.replace("__", "/"): value for name, value in data.items()}
    return statement(status="ok", execution_count=0, data=shown)


def event(number: int, kind: str, data: Any) -> bytes:
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()
