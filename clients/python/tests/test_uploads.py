import asyncio
import io

import pytest
from conftest import Reply

import polybius
from polybius._operations import upload
from polybius._steps import Upload


@pytest.fixture
def session(server):
    for kind in ("jar", "file", "pyfile"):
        server.on("POST", f"/sessions/0/upload-{kind}", Reply())
        server.on("POST", f"/sessions/0/add-{kind}", Reply())
    with polybius.connect(server.url, 0) as joined:
        yield joined


def test_a_file_is_sent_in_the_field_that_its_route_has(server, session, tmp_path):
    for kind, field, send in (
        ("jar", "jar", session.upload_jar),
        ("file", "file", session.upload_file),
        ("pyfile", "file", session.upload_pyfile),
    ):
        path = tmp_path / f"some ünï.{kind}"
        path.write_bytes(b"\x00\r\n--content")
        send(path)
        asked = server.asked[-1]
        assert asked.path == f"/sessions/0/upload-{kind}"
        assert asked.headers["Content-Type"].startswith("multipart/form-data; boundary=")
        name = f"some ünï.{kind}".encode()
        assert b'form-data; name="%s"; filename="%s"' % (field.encode(), name) in asked.body
        assert b"\r\n\r\n\x00\r\n--content\r\n--" in asked.body


def test_a_large_file_is_never_whole_in_memory(server, session, tmp_path):
    path = tmp_path / "large.bin"
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    server.on("POST", "/sessions/0/upload-file", Reply())
    read = []

    class Counted(io.FileIO):
        def read(self, size=-1):
            read.append(size)
            return super().read(size)

    with Counted(path) as content:
        operation = upload("/sessions/0", "file", Upload("file", "large.bin", content))
        session._runner.run(operation)
    assert len(server.asked[-1].body) > 64 << 20
    assert read and 0 < max(read) <= 1 << 20 and min(read) > 0


def test_what_is_not_there_or_too_large_is_an_error(server, session, tmp_path):
    with pytest.raises(FileNotFoundError):
        session.upload_file(tmp_path / "none")
    path = tmp_path / "file"
    path.write_bytes(b"x")
    server.on("POST", "/sessions/0/upload-file", Reply({"msg": "The file is too long."}, 413))
    with pytest.raises(polybius.RequestError, match="The file is too long .HTTP 413"):
        session.upload_file(path)


def test_addresses_are_added(server, session):
    session.add_jar("hdfs:/a.jar")
    session.add_file("hdfs:/a.txt")
    session.add_pyfile("hdfs:/a.py")
    assert [(each.path, each.json()) for each in server.asked[-3:]] == [
        ("/sessions/0/add-jar", {"uri": "hdfs:/a.jar"}),
        ("/sessions/0/add-file", {"uri": "hdfs:/a.txt"}),
        ("/sessions/0/add-pyfile", {"uri": "hdfs:/a.py"}),
    ]


def test_async_uploads(server, session, tmp_path):
    path = tmp_path / "mod.py"
    path.write_text("x = 1")

    async def use():
        async with polybius.connect_async(server.url, 0) as other:
            await other.upload_pyfile(path)
            await other.add_jar("hdfs:/a.jar")

    asyncio.run(use())
    assert [each.path for each in server.asked[-2:]] == [
        "/sessions/0/upload-pyfile",
        "/sessions/0/add-jar",
    ]
    assert b"x = 1" in server.asked[-2].body
