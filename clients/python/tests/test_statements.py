import asyncio
import json
import os
import signal
import threading
import time

import pytest
from conftest import SESSION, CutOff, Pieces, Reply, event, ok, statement

import polybius

PATH = "/sessions/0/statements"
FIRST = PATH + "/0"


@pytest.fixture
def session(server):
    server.on("POST", PATH, Reply(statement("waiting"), 201))
    server.on("POST", FIRST + "/cancel", {"msg": "canceled"})
    with polybius.connect(server.url, 0, retry_for=5) as joined:
        yield joined


def test_a_statement_is_awaited_by_long_polls(server, session):
    server.on("GET", FIRST, statement("running"), statement("running"), ok(text__plain="2"))
    found = session.execute("1 + 1", "pyspark")
    assert (found.text, found.data, found.id) == ("2", {"text/plain": "2"}, 0)
    assert found.started.year == 2026 and found.ended and found.progress == 1.0
    assert server.requests("POST", PATH)[0].json() == {"code": "1 + 1", "kind": "pyspark"}
    assert [each.query["wait"] for each in server.requests("GET", FIRST)] == ["30000ms"] * 3


def test_an_error_is_raised_with_its_traceback_and_what_was_printed(server, session):
    failed = statement(
        status="error",
        ename="ValueError",
        evalue="boom",
        traceback=["Traceback (most recent call last):\n", "ValueError: boom\n"],
        data={"text/plain": "printed before\n"},
    )
    server.on("GET", FIRST, failed)
    with pytest.raises(polybius.StatementError, match="ValueError: boom") as e:
        session.execute("...")
    assert (e.value.ename, e.value.evalue) == ("ValueError", "boom")
    assert e.value.traceback[1] == "ValueError: boom\n"
    assert e.value.statement.text == "printed before\n"
    assert session.execute("...", check=False).output["status"] == "error"


def test_a_statement_that_somebody_cancels(server, session):
    server.on("GET", FIRST, statement("cancelled"))
    with pytest.raises(polybius.StatementCancelled):
        session.execute("...")


def test_waits_outlast_a_restart_of_the_server(server, session):
    server.on(
        "GET", FIRST, CutOff(), Reply(b"<html>", 503), Reply(b"", 502), CutOff(), ok(text__plain="2")
    )
    assert session.execute("1 + 1").text == "2"


def test_waits_end_when_the_server_does_not_come_back(server):
    server.on("POST", PATH, Reply(statement("waiting"), 201))
    server.on("GET", FIRST, CutOff())
    begun = time.monotonic()
    with polybius.connect(server.url, 0, retry_for=0.5) as session:
        with pytest.raises(polybius.ConnectionFailed):
            session.execute("1 + 1")
    assert 0.4 < time.monotonic() - begun < 5


def test_what_changes_something_is_sent_once(server, session):
    server.on("POST", PATH, CutOff())
    with pytest.raises(polybius.ConnectionFailed):
        session.execute("1 + 1")
    assert len(server.requests("POST", PATH)) == 1


def test_a_timeout_cancels_the_statement(server, session):
    server.on("GET", FIRST, lambda asked: time.sleep(0.1) or statement("running"))
    with pytest.raises(polybius.WaitTimeout) as e:
        session.execute("...", timeout=0.3)
    assert isinstance(e.value, TimeoutError)
    assert len(server.requests("POST", FIRST + "/cancel")) == 1


def test_ctrl_c_cancels_the_statement(server, session):
    def running(asked):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.5)
        return statement("running")

    server.on("GET", FIRST, running)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            session.execute("...")
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(server.requests("POST", FIRST + "/cancel")) == 1


def test_what_a_session_says_that_cannot_start(server, session):
    server.on("GET", "/sessions/0", {**SESSION, "state": "dead"})
    server.on("GET", "/sessions/0/log", {"log": ["stderr: ", "no such master"]})
    with pytest.raises(polybius.SessionError, match="no such master"):
        session.execute("1 + 1")


def test_a_session_that_starts_is_followed_until_it_is_ready(server, session):
    starting = {**SESSION, "state": "starting"}
    server.on("GET", "/sessions/0", starting)
    server.on(
        "GET",
        "/sessions/0/events",
        Pieces([b"retry: 1000\n\n", event(1, "session", starting), OSError()]),
        Pieces([event(2, "session", SESSION)]),
    )
    server.on("GET", FIRST, ok(text__plain="2"))
    assert session.execute("1 + 1").text == "2"
    assert server.requests("GET", "/sessions/0/events")[1].headers["Last-Event-ID"] == "1"
    server.on("GET", "/sessions/0/events", Pieces(time.sleep(0.1) or b":\n\n" for _ in range(50)))
    with pytest.raises(polybius.WaitTimeout, match="not started within 0.3"):
        session.wait_ready(timeout=0.3)


@pytest.mark.parametrize("empty", [Reply(), Pieces([b": nothing\n\n"])])
def test_streams_without_events_are_not_asked_for_without_a_pause(server, empty):
    server.on("POST", PATH, Reply(statement("waiting"), 201))
    server.on("POST", FIRST + "/cancel", {"msg": "canceled"})
    server.on("GET", FIRST + "/events", empty)
    with polybius.connect(server.url, 0, retry_for=0.6) as session:
        with pytest.raises(polybius.ConnectionFailed, match="ends without any event"):
            session.execute("...", on_output=print)
    assert 2 < len(server.requests("GET", FIRST + "/events")) < 8


def test_silent_streams_may_be_cut_off_again_and_again(server):
    def silent(asked):
        return Pieces(time.sleep(0.4) or b": nothing\n\n" for _ in range(3))

    server.on("POST", PATH, Reply(statement("waiting"), 201))
    last = Pieces([event(1, "statement", ok(text__plain="2"))])
    server.on("GET", FIRST + "/events", silent, silent, last)
    with polybius.connect(server.url, 0, retry_for=0.6) as session:
        assert session.execute("...", on_output=print).text == "2"


def test_outputs_come_while_the_statement_runs(server, session):
    pieces = [
        event(1, "statement", statement("running")),
        event(2, "output", {"statement": 0, "stream": "stdout", "text": "half "}),
        event(3, "output", {"statement": 0, "stream": "stderr", "text": "wörld"}),
        OSError(),
    ]
    rest = event(4, "output", {"statement": 0, "data": {"text/plain": "2"}})
    # Lines are cut anywhere.
    rest += event(5, "statement", ok(text__plain="2"))
    server.on(
        "GET", FIRST + "/events", Pieces(pieces), Pieces(rest[i : i + 7] for i in range(0, len(rest), 7))
    )
    outputs = []
    found = session.execute("...", on_output=outputs.append)
    assert [(each.stream, each.text, dict(each.data)) for each in outputs] == [
        ("stdout", "half ", {}),
        ("stderr", "wörld", {}),
        (None, "", {"text/plain": "2"}),
    ]
    assert found.text == "2"
    assert server.requests("GET", FIRST + "/events")[1].headers["Last-Event-ID"] == "3"


def test_shown_outputs_are_printed_once(server, session, capsys):
    table = {"text/plain": "n\n1", "text/html": "<table>"}
    server.on(
        "GET",
        FIRST + "/events",
        Pieces(
            [
                event(1, "output", {"statement": 0, "stream": "stdout", "text": "out\n"}),
                event(2, "output", {"statement": 0, "stream": "stderr", "text": "err\n"}),
                event(3, "output", {"statement": 0, "data": table}),
                event(4, "output", {"statement": 0, "stream": "echo", "text": "res0: Int = 2\n"}),
                event(5, "output", {"statement": 0, "data": {"text/plain": "2"}}),
                event(6, "statement", ok(text__plain="2")),
            ]
        ),
    )
    session.execute("...", show=True)
    printed = capsys.readouterr()
    assert printed.out == "out\nn\n1\nres0: Int = 2\n"
    assert printed.err == "err\n"


def test_a_function_that_takes_outputs_and_fails_stops_the_statement(server, session):
    server.on(
        "GET",
        FIRST + "/events",
        Pieces([event(1, "output", {"statement": 0, "stream": "stdout", "text": "x"})]),
    )
    with pytest.raises(ZeroDivisionError):
        session.execute("...", on_output=lambda output: 1 / 0)
    assert len(server.requests("POST", FIRST + "/cancel")) == 1


def test_events_end_with_what_they_are_of(server, session):
    server.on(
        "GET",
        FIRST + "/events",
        Pieces([b": hello\r\n\r\n", b'id: 1\r\nevent: gap\r\ndata: {"from": 0,\r\ndata: "to": 1}\r\n\r\n']),
        Reply(status=204),
    )
    server.on("GET", FIRST, statement("running"))
    events = list(session.statement(0).events())
    assert events == [polybius.Event(1, "gap", {"from": 0, "to": 1})]


def test_a_statement_can_run_without_a_wait(server, session):
    server.on("GET", FIRST, statement("running"), ok(text__plain="2"))
    started = session.start("1 + 1")
    assert (started.state, started.ended, started.output) == ("waiting", False, {})
    assert started.refresh().state == "running"
    assert started.wait().text == "2"
    started.cancel()
    assert len(server.requests("POST", FIRST + "/cancel")) == 1


class TestShownInNotebooks:
    def shown(self, server, session, found, *outputs):
        server.on("GET", FIRST, found)
        server.on(
            "GET",
            FIRST + "/events",
            Pieces([event(i + 1, "output", each) for i, each in enumerate(outputs)]),
            Reply(status=204),
        )
        return session.execute("...")._repr_mimebundle_()

    def test_a_text(self, server, session):
        assert self.shown(server, session, ok(text__plain="2")) == {"text/plain": "2"}

    def test_the_forms_of_a_value_with_all_that_was_printed(self, server, session):
        forms = {"text/plain": "DataFrame", "text/html": "<table>"}
        assert self.shown(
            server,
            session,
            ok(text__plain="printed\nDataFrame"),
            {"statement": 0, "stream": "stdout", "text": "printed\n"},
            {"statement": 0, "data": forms},
        ) == {"text/plain": "printed\nDataFrame", "text/html": "<table>"}

    def test_a_picture(self, server, session):
        found = ok(image__png="iVBORw0KGgo=")
        assert self.shown(server, session, found) == {"image/png": "iVBORw0KGgo="}

    def test_the_result_of_sql_is_a_table(self, server, session):
        fields = [{"name": "<n>", "type": "long"}, {"name": "t", "type": "string"}]
        table = {"schema": {"type": "struct", "fields": fields}, "data": [[1, "<b>"], [None, "x"]]}
        forms = self.shown(server, session, statement(status="ok", data={"application/json": table}))
        assert "<th>&lt;n&gt;</th>" in forms["text/html"]
        assert "<td>1</td><td>&lt;b&gt;</td>" in forms["text/html"]
        assert forms["text/plain"].splitlines() == [" <n>    t", "   1  <b>", "null    x"]
        assert "application/json" not in forms

    def test_livys_table_of_many_rows(self, server, session):
        table = {"headers": [{"name": "n", "type": "INT_TYPE"}], "data": [[i] for i in range(100)]}
        shown = statement(status="ok", data={"application/vnd.livy.table.v1+json": table})
        forms = self.shown(server, session, shown)
        assert forms["text/html"].count("<td>") == 60
        assert "and 40 more rows" in forms["text/html"]
        assert set(forms) == {"text/html", "text/plain"}

    def test_what_is_at_hand_when_the_server_is_gone(self, server, session):
        server.on("GET", FIRST, ok(text__plain="2"))
        server.on("GET", FIRST + "/events", Reply({"msg": "gone"}, 404))
        assert session.execute("...")._repr_mimebundle_() == {"text/plain": "2"}

    def test_ipython_takes_it(self, server, session):
        formatters = pytest.importorskip("IPython.core.formatters")
        server.on("GET", FIRST, ok(text__html="<b>x</b>"))
        server.on("GET", FIRST + "/events", Reply(status=204))
        data, _ = formatters.DisplayFormatter().format(session.execute("..."))
        assert data["text/html"] == "<b>x</b>"


class TestFrames:
    def test_arrow_keeps_types(self, server, session):
        pyarrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pandas")
        from decimal import Decimal

        table = pyarrow.table({"n": pyarrow.array([1], pyarrow.int8()), "x": [Decimal("1.50")]})
        sink = pyarrow.BufferOutputStream()
        with pyarrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        server.on("GET", FIRST, ok(text__plain="table"))
        server.on("GET", FIRST + "/result", Reply(sink.getvalue().to_pybytes()))
        frame = session.execute("...").to_pandas()
        assert str(frame["n"].dtype) == "int8" and frame["x"][0] == Decimal("1.50")
        assert server.asked[-1].query == {"format": "arrow"}
        assert session.execute("...").to_arrow() == table

    def test_json_does_without_arrow(self, server, session, monkeypatch):
        pytest.importorskip("pandas")
        monkeypatch.setattr("polybius._tables.find_spec", lambda name: None)
        fields = [{"name": "n"}, {"name": "t"}]
        data = {"application/json": {"schema": {"type": "struct", "fields": fields}, "data": []}}
        server.on("GET", FIRST, statement(status="ok", data=data))
        server.on(
            "GET", FIRST + "/result", Reply(b'[{"n":1,"t":"x"},\n{"n":2,"t":null}]'), Reply(b"[]")
        )
        frame = session.sql("select ...")
        assert list(frame["n"]) == [1, 2] and list(frame.columns) == ["n", "t"]
        assert server.asked[-1].query == {"format": "json"}
        assert list(session.sql("select ...").columns) == ["n", "t"]

    def test_sql_without_a_result_is_an_empty_frame(self, server, session):
        pytest.importorskip("pandas")
        data = {"application/json": {"schema": {"type": "struct", "fields": []}, "data": []}}
        server.on("GET", FIRST, statement(status="ok", data=data))
        assert session.sql("create view ...").empty

    def test_a_result_that_is_gone_says_what_to_do(self, server, session):
        server.on("GET", FIRST, ok(text__plain="x"))
        server.on("GET", FIRST + "/result", Reply({"msg": "The result is gone."}, 410))
        with pytest.raises(polybius.GoneError, match="Run the statement again"):
            session.execute("...").to_pandas()

    def test_without_pandas_it_says_how_to_get_it(self, server, session, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "pandas", None)
        monkeypatch.setattr("polybius._tables.find_spec", lambda name: None)
        server.on("GET", FIRST, ok(text__plain="x"))
        server.on("GET", FIRST + "/result", Reply(b"[]"))
        with pytest.raises(ImportError, match="polybius.pandas"):
            session.execute("...").to_pandas()


class TestAsync:
    def run(self, server, coroutine, **options):
        async def connected():
            async with polybius.connect_async(server.url, 0, **options) as session:
                return await coroutine(session)

        server.on("POST", PATH, Reply(statement("waiting"), 201))
        server.on("POST", FIRST + "/cancel", {"msg": "canceled"})
        return asyncio.run(connected())

    def test_statements(self, server):
        async def use(session):
            assert await session.state() == "idle"
            started = await session.start("1 + 1")
            assert (await started.wait()).text == "2"
            return await session.execute("1 + 1")

        server.on("GET", FIRST, CutOff(), statement("running"), ok(text__plain="2"))
        assert self.run(server, use).text == "2"

    def test_outputs_and_events(self, server):
        server.on("GET", FIRST, ok(text__plain="2"))
        output = event(1, "output", {"statement": 0, "data": {"text/html": "<b>"}})
        server.on(
            "GET",
            FIRST + "/events",
            Pieces([output, event(2, "statement", ok(text__plain="2"))]),
            Pieces([output]),
            Reply(status=204),
        )

        async def use(session):
            outputs = []
            found = await session.execute("...", on_output=outputs.append)
            assert [dict(each.data) for each in outputs] == [{"text/html": "<b>"}]
            assert [each.type async for each in found.events()] == ["output"]
            assert await found.outputs() == []
            return found

        assert self.run(server, use)._repr_mimebundle_() == {"text/plain": "2"}

    def test_a_task_that_is_cancelled_cancels_its_statement(self, server):
        server.on("GET", FIRST, lambda asked: time.sleep(0.2) or statement("running"))

        async def use(session):
            task = asyncio.ensure_future(session.execute("..."))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        self.run(server, use)
        assert len(server.requests("POST", FIRST + "/cancel")) == 1

    def test_sql(self, server, monkeypatch):
        pytest.importorskip("pandas")
        monkeypatch.setattr("polybius._tables.find_spec", lambda name: None)
        server.on("GET", FIRST, ok(text__plain="x"))
        server.on("GET", FIRST + "/result", Reply(b'[{"n":1}]'))
        assert list(self.run(server, lambda session: session.sql("..."))["n"]) == [1]

    def test_a_session_that_is_opened_is_ended(self, server):
        async def use():
            session = await polybius.connect_async(server.url, kind="pyspark")
            assert repr(session) == f"<polybius.AsyncSession 0 'etl' (pyspark) at {server.url}>"
            await session.close()

        asyncio.run(use())
        assert len(server.requests("DELETE", "/sessions/0")) == 1
