"""Where a server is, and how it is asked."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Tuple, TypedDict, Union
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from polybius._version import VERSION

TOKEN = "POLYBIUS_TOKEN"
TOKEN_FILE = "POLYBIUS_TOKEN_FILE"

Verify = Union[bool, str, "os.PathLike[str]", ssl.SSLContext]
ClientCertificate = Union[str, Tuple[str, str]]


class ConnectionOptions(TypedDict, total=False):
    """How a server is reached."""

    token: str
    """Its access token; by default that of ``POLYBIUS_TOKEN``, or of the file that
    ``POLYBIUS_TOKEN_FILE`` names, which only goes to https and to this machine. Another address
    needs it said here; the empty text sends none."""
    auth: Tuple[str, str]
    """A user and a password instead, which a proxy may want."""
    headers: Mapping[str, str]
    """More headers of each request."""
    verify: Verify
    """For https, a file or folder with certificates of authorities, an ``SSLContext``, or false to
    trust anybody."""
    cert: ClientCertificate
    """A certificate to show, as a file, or a pair of it and of its key."""
    timeout: float
    """Seconds to wait for an answer that comes at once (60)."""
    connect_timeout: float
    """Seconds to wait for a connection (10)."""
    retry_for: float
    """Seconds for which a wait goes on while the server cannot be reached (60)."""


@dataclass(frozen=True)
class Connection:
    """How to reach a server; what is secret of it is not in its ``repr``."""

    url: str
    """The address before each path, without user and password, and without a slash at its end."""
    headers: Mapping[str, str] = field(repr=False)
    auth: Optional[httpx.BasicAuth] = field(repr=False)
    tls: Any = field(repr=False)
    timeout: float
    connect_timeout: float
    retry_for: float
    local: bool

    @staticmethod
    def to(
        url: str,
        *,
        token: Optional[str] = None,
        auth: Optional[Tuple[str, str]] = None,
        headers: Optional[Mapping[str, str]] = None,
        verify: Verify = True,
        cert: Optional[ClientCertificate] = None,
        timeout: float = 60.0,
        connect_timeout: float = 10.0,
        retry_for: float = 60.0,
    ) -> Connection:
        """Checks what a user has given."""
        parts = urlsplit(url if "://" in url else "http://" + url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"an address is like http://localhost:8998 or https://host/path, and not {_shown(url)}"
            )
        if parts.query or parts.fragment:
            raise ValueError("an address has no query: give the token as token=...")
        if parts.username is not None and auth is None:
            auth = (unquote(parts.username), unquote(parts.password or ""))
        if token is not None and auth is not None:
            raise ValueError("give either a token, or a user and a password")
        all_headers: Dict[str, str] = {
            "User-Agent": f"polybius-python/{VERSION}",
            # Where the operator demands it, what changes something needs it.
            "X-Requested-By": "polybius",
            "Accept": "application/json, */*;q=0.5",
        }
        local = _is_loopback(parts.hostname)
        if auth is None:
            if token is None:
                token = _from_environment()
                if token and parts.scheme != "https" and not local:
                    raise ValueError(
                        f"the token of {TOKEN} or {TOKEN_FILE} is not sent to {parts.hostname} by plain http, "
                        "where others can read it: use https, or give it as token=... (token='' sends none)"
                    )
            if token:
                all_headers["Authorization"] = f"Bearer {token}"
        all_headers.update(headers or {})
        host = parts.netloc.rpartition("@")[2]
        return Connection(
            url=urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", "")),
            headers=all_headers,
            auth=None if auth is None else httpx.BasicAuth(*auth),
            # Without https there are no certificates, whose reading takes its time.
            tls=_tls(verify, cert) if parts.scheme == "https" else False,
            timeout=timeout,
            connect_timeout=connect_timeout,
            retry_for=retry_for,
            local=local,
        )


def _from_environment() -> Optional[str]:
    """Returns the token, from where ``bin/polybius connect`` has it too."""
    token = os.environ.get(TOKEN)
    if not token and os.environ.get(TOKEN_FILE):
        token = Path(os.environ[TOKEN_FILE]).read_text(encoding="utf-8")
    return token.strip() if token else None


def _tls(verify: Verify, cert: Optional[ClientCertificate]) -> Union[bool, ssl.SSLContext]:
    if isinstance(verify, ssl.SSLContext):
        context = verify
    elif isinstance(verify, bool):
        if cert is None:
            return verify
        context = httpx.create_ssl_context(verify=verify)
    else:
        path = os.fspath(verify)
        if not os.path.exists(path):
            raise FileNotFoundError(f"there is no file with certificates at {path}")
        context = (
            ssl.create_default_context(capath=path)
            if os.path.isdir(path)
            else ssl.create_default_context(cafile=path)
        )
    if cert is not None:
        context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    return context


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    """Returns an address without what may be a password in it."""
    return url.rpartition("@")[2]
