import datetime
import ipaddress
import ssl
import time

import httpx
import pytest
from conftest import SESSION, FakeServer, Reply

import polybius
from polybius._connection import Connection

SECRET = "very-secret-token"


def test_a_token_is_sent_and_never_shown(server):
    with polybius.connect(server.url, token=SECRET) as session:
        assert server.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
        assert SECRET not in repr(session)
        assert SECRET not in repr(session._connection)


def test_a_token_comes_from_the_environment(server, monkeypatch, tmp_path):
    monkeypatch.setenv("POLYBIUS_TOKEN", SECRET)
    polybius.connect(server.url, 0).close()
    assert server.asked[-1].headers["Authorization"] == f"Bearer {SECRET}"
    monkeypatch.delenv("POLYBIUS_TOKEN")
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    monkeypatch.setenv("POLYBIUS_TOKEN_FILE", str(file))
    polybius.connect(server.url, 0).close()
    assert server.asked[-1].headers["Authorization"] == "Bearer from-a-file"


@pytest.mark.parametrize("variable", ["POLYBIUS_TOKEN", "POLYBIUS_TOKEN_FILE"])
def test_a_token_of_the_environment_goes_to_no_other_machine_unencrypted(
    server, monkeypatch, tmp_path, variable
):
    file = tmp_path / "token"
    file.write_text(SECRET)
    monkeypatch.setenv(variable, SECRET if variable == "POLYBIUS_TOKEN" else str(file))
    for url in ("http://example.org", "example.org:8998", "http://10.0.0.1"):
        with pytest.raises(ValueError, match="plain http.*token=") as e:
            Connection.to(url)
        assert SECRET not in str(e.value)
    sent = f"Bearer {SECRET}"
    for url in ("https://example.org", "http://localhost:1", "127.0.0.1:1", "http://[::1]:1"):
        assert Connection.to(url).headers["Authorization"] == sent
    assert Connection.to("http://example.org", token=SECRET).headers["Authorization"] == sent
    assert "Authorization" not in Connection.to("http://example.org", token="").headers


def test_user_and_password_of_an_address_are_basic_authentication(server):
    url = server.url.replace("://", "://me:p%40ss@")
    with polybius.connect(url, 0) as session:
        assert server.asked[0].headers["Authorization"] == httpx.BasicAuth("me", "p@ss")._auth_header
        assert "p@ss" not in repr(session) and "p%40ss" not in repr(session)
        assert session.url == server.url


def test_every_request_says_who_sends_it(server):
    polybius.connect(server.url, headers={"X-Proxy": "yes"}).close()
    assert [each.method for each in server.asked] == ["POST", "DELETE"]
    for asked in server.asked:
        assert asked.headers["X-Requested-By"] == "polybius"
        assert asked.headers["User-Agent"] == f"polybius-python/{polybius.__version__}"
        assert asked.headers["X-Proxy"] == "yes"


def test_a_server_behind_a_path_of_a_proxy():
    server = FakeServer(base="/spark/one")
    try:
        with polybius.connect(server.url + "/", 0) as session:
            assert session.state == "idle"
        assert server.asked[-1].path == "/spark/one/sessions/0"
    finally:
        server.close()


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host?token=x", "http://h/#x"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="address"):
        polybius.connect(url)


def test_a_wrong_address_does_not_show_its_password():
    with pytest.raises(ValueError) as e:
        polybius.connect("ftp://me:secret@host")
    assert "secret" not in str(e.value)


def test_a_token_and_a_user_are_refused(server):
    with pytest.raises(ValueError, match="either a token"):
        polybius.connect(server.url, token=SECRET, auth=("me", "x"))


def test_a_missing_token_says_what_to_do(server):
    server.on("POST", "/sessions", Reply({"msg": "This server asks for its access token."}, 401))
    with pytest.raises(polybius.AuthenticationError, match="token=") as e:
        polybius.connect(server.url)
    assert e.value.status == 401


def test_errors_have_the_servers_words_and_the_number_of_the_request(server):
    server.on("POST", "/sessions", Reply({"msg": "Invalid kind: x"}, 400, {"X-Request-Id": "9a0c"}))
    with pytest.raises(polybius.RequestError, match="Invalid kind: x .HTTP 400") as e:
        polybius.connect(server.url, kind="x")
    assert (e.value.status, e.value.message, e.value.request_id) == (400, "Invalid kind: x", "9a0c")


def test_another_server_is_told_from_a_session_that_is_not_there(server):
    with pytest.raises(polybius.NotFoundError, match="no Polybius server at this address"):
        polybius.connect(server.url + "/wrong")
    server.on("GET", "/sessions/7", Reply({"msg": "Session '7' not found."}, 404))
    with pytest.raises(polybius.NotFoundError, match="Session '7' not found"):
        polybius.connect(server.url, 7)


def test_a_page_of_a_proxy_and_a_redirect_are_errors(server):
    server.on("GET", "/sessions/0", Reply(b"<html>login</html>"))
    with pytest.raises(polybius.RequestError, match="no JSON: <html>login"):
        polybius.connect(server.url, 0)
    server.on("GET", "/sessions/0", Reply(b"", 302, {"Location": "https://elsewhere/"}))
    with pytest.raises(polybius.RequestError, match="leads to https://elsewhere/"):
        polybius.connect(server.url, 0)
    secret = "https://me:secret@elsewhere/login?token=secret#secret"
    server.on("GET", "/sessions/0", Reply(b"", 302, {"Location": secret}))
    with pytest.raises(polybius.RequestError, match="leads to https://elsewhere/login: ") as e:
        polybius.connect(server.url, 0)
    assert "secret" not in str(e.value)


def test_a_server_that_is_not_there_is_a_failed_connection_at_once():
    begun = time.monotonic()
    with pytest.raises(polybius.ConnectionFailed, match="is the server running there"):
        polybius.connect("http://127.0.0.1:9")
    assert time.monotonic() - begun < 5


def test_an_answer_that_does_not_come_is_a_failed_connection(server):
    server.on("GET", "/sessions/0", lambda asked: time.sleep(1) or SESSION)
    with pytest.raises(polybius.ConnectionFailed, match="has not answered in time"):
        polybius.connect(server.url, 0, timeout=0.2)


def test_proxies_of_the_environment_are_not_asked_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    polybius.connect(server.url, 0).close()
    assert not Connection.to("https://example.org").local


def test_names_are_quoted_in_paths(server):
    server.on("GET", "/sessions/a%20b%3F", SESSION)
    with polybius.connect(server.url, "a b?") as session:
        assert session.id == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "polybius")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    authority, private = folder / "ca.pem", folder / "key.pem"
    authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return authority, private


@pytest.fixture
def tls_server(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    fake = FakeServer(tls=context)
    yield fake
    fake.close()


def test_https_with_the_certificate_of_an_authority(tls_server, certificate):
    for trusted in (certificate[0], str(certificate[0]), False):
        with polybius.connect(tls_server.url, 0, verify=trusted) as session:
            assert session.wait_ready().id == 0


def test_a_certificate_that_is_not_trusted_is_not_tried_again(tls_server):
    begun = time.monotonic()
    with pytest.raises(polybius.ConnectionFailed, match="verify='ca.pem'"):
        polybius.connect(tls_server.url, 0)
    assert time.monotonic() - begun < 5
    with pytest.raises(FileNotFoundError, match="no-such.pem"):
        polybius.connect(tls_server.url, 0, verify="no-such.pem")
