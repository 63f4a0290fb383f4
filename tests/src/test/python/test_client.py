"""The Python client on a real server; POLYBIUS_TEST_SERVER is its address, POLYBIUS_TOKEN its token.

All share one session, in which they leave nothing that another would stumble over.
"""

import asyncio
import concurrent.futures
import decimal
import os
import sys
import threading
import time

import cloudpickle
import nbformat
import pandas
import pytest
from nbclient import NotebookClient

import polybius

# As a program that is run would be: the session has no module of its name.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

SERVER = os.environ["POLYBIUS_TEST_SERVER"]
PATIENCE = 60


@pytest.fixture(scope="module")
def session():
    with polybius.connect(SERVER, kind="pyspark", name="client") as opened:
        yield opened.wait_ready(120)
    with pytest.raises(polybius.NotFoundError):
        polybius.connect(SERVER, "client")


def count(context: polybius.JobContext, rows: int, *, more: int = 0) -> int:
    return context.spark.range(rows).count() + more


def endless(context):
    while True:
        time.sleep(0.05)


def test_the_token_is_needed(monkeypatch):
    monkeypatch.delenv("POLYBIUS_TOKEN")
    with pytest.raises(polybius.AuthenticationError, match="POLYBIUS_TOKEN"):
        polybius.connect(SERVER, "client")
    with pytest.raises(polybius.AuthenticationError, match="wrong"):
        polybius.connect(SERVER, "client", token="x" * 20)


def test_what_a_server_refuses():
    with pytest.raises(polybius.RequestError, match="Invalid kind: cobol"):
        polybius.connect(SERVER, kind="cobol")
    with pytest.raises(polybius.NotFoundError, match="Session 'nobody' not found"):
        polybius.connect(SERVER, "nobody")


def test_statements_of_several_languages(session):
    assert session.execute("six = 6\nsix * 7").text == "42"
    assert session.execute("1 + 1", "spark").text == "res0: Int = 2\n"
    with pytest.raises(polybius.StatementError, match="division by zero") as e:
        session.execute("print('before')\n1 / 0")
    assert e.value.ename == "ZeroDivisionError"
    assert "before" in e.value.statement.text


def test_notebooks_show_what_a_statement_has_shown(session):
    assert session.execute("six * 7")._repr_mimebundle_()["text/plain"] == "42"
    table = session.execute("select 1 as n, '<b>' as t", "sql")._repr_mimebundle_()
    assert "<th>n</th>" in table["text/html"] and "&lt;b&gt;" in table["text/html"]
    shown = session.execute("rows = [{'n': 1}]\n%table rows")._repr_mimebundle_()
    assert "<td" in shown["text/html"]


def test_a_notebook_of_a_local_kernel(session):
    cells = [
        f"import polybius\nsession = polybius.connect({SERVER!r}, 'client')",
        "session.sql('select 1 as n, 2.5 as x')",
        "session.execute('rows = [dict(n=7)]\\n%table rows')",
        "session.execute('print(1)\\nimport sys; print(2, file=sys.stderr)\\n%table rows', show=True).text",
        "session.execute('import matplotlib.pyplot as plt\\nplt.plot([1, 2]); plt.show()')",
        "session.execute('1 / 0')",
        "session.close()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=PATIENCE, allow_errors=True).execute()
    _, frame, table, shown, figure, failed, closed = (cell.outputs for cell in notebook.cells)
    assert "<th>x</th>" in frame[0].data["text/html"]
    assert "<td" in table[0].data["text/html"] and "7" in table[0].data["text/plain"]
    assert {(each.name, each.text) for each in shown[:2]} == {("stdout", "1\n"), ("stderr", "2\n")}
    assert "<td" in shown[2].data["text/html"]
    assert figure[0].data["image/png"].startswith("iVBOR")
    assert failed[0].ename == "StatementError" and "division by zero" in failed[0].evalue
    assert closed == []


def test_output_comes_while_a_statement_runs(session):
    begun = time.monotonic()
    came = []

    def note(output):
        came.append((output.stream, output.text, time.monotonic() - begun))

    session.execute("import time\nprint('first', flush=True)\ntime.sleep(1)\nprint('second')", on_output=note)
    texts = {text.strip(): when for stream, text, when in came if stream == "stdout"}
    assert texts["first"] < texts["second"] - 0.5


def test_frames_keep_sparks_types(session):
    frame = session.sql(
        "select cast(1.50 as decimal(10, 2)) as price, cast(1 as tinyint) as n, "
        "timestamp '2026-01-01 00:00:00' as day"
    )
    assert frame["price"][0] == decimal.Decimal("1.50")
    assert str(frame["n"].dtype) == "int8"
    assert str(frame["day"].dtype).startswith("datetime64")
    assert len(session.sql("select * from range(2000)")) == 2000
    assert session.sql("create or replace temporary view v as select 1 as n").empty
    assert session.execute("spark.table('v')").to_pandas()["n"][0] == 1
    with pytest.raises(polybius.StatementError, match="TABLE_OR_VIEW_NOT_FOUND"):
        session.sql("select * from nowhere")


def test_a_statement_that_takes_too_long_is_stopped(session):
    with pytest.raises(polybius.WaitTimeout):
        session.execute("import time; time.sleep(120)", timeout=1)
    begun = time.monotonic()
    assert session.execute("1").text == "1"
    assert time.monotonic() - begun < 20


def test_jobs_return_objects(session):
    assert session.run(count, 10, more=5) == 15
    assert session.run(lambda context: None) is None
    frame = session.run(lambda context: context.spark.sql("select 1 as n, 'x' as t").toPandas())
    assert isinstance(frame, pandas.DataFrame) and list(frame.columns) == ["n", "t"]
    assert session.run(lambda context, words: {word: len(word) for word in words}, ["a", "bc"]) == {
        "a": 1,
        "bc": 2,
    }
    assert session.run(lambda context: os.path.isdir(context.local_tmp_dir_path))


def test_several_jobs_at_a_time_beside_a_statement(session):
    waiting = session.start("import time\ntime.sleep(3)\n'slept'")
    jobs = [session.submit(count, rows) for rows in range(1, 5)]
    values = [job.result(PATIENCE) for job in concurrent.futures.as_completed(jobs, PATIENCE)]
    assert sorted(values) == [1, 2, 3, 4]
    assert waiting.wait(PATIENCE).text == "'slept'"


def test_a_job_that_fails_says_how(session):
    def boom(context):
        raise ValueError("boom of a job")

    with pytest.raises(polybius.JobFailed, match="ValueError: boom of a job") as e:
        session.run(boom)
    assert "in boom" in e.value.traceback


def test_a_job_that_is_cancelled(session):
    job = session.submit(endless)
    seen = []
    for status in job.events():
        seen.append(status.state)
        if status.state == "STARTED":
            assert job.running() and job.cancel()
    assert seen[-1] == "CANCELLED"
    with pytest.raises(concurrent.futures.CancelledError):
        job.result(PATIENCE)


def test_progress_of_a_job(session):
    def slowly(context):
        def wait(number):
            time.sleep(0.3)
            return number

        return context.sc.parallelize(range(8), 8).map(wait).sum()

    job = session.submit(slowly)
    told = [(status.state, status.progress) for status in job.events()]
    assert told[-1] == ("SUCCEEDED", 1.0)
    assert job.result(PATIENCE) == 28 and job.progress == 1.0
    assert any(state == "STARTED" for state, _ in told)
    assert session.job(job.id).result(PATIENCE) == 28
    assert session.jobs()[-1].id == job.id


def test_two_clients_share_objects_of_one_session(session):
    with polybius.connect(SERVER, "client") as other:
        assert other.id == session.id
        session.run(lambda context: context.set_shared_object("model", {"weight": 3}))
        assert other.run(lambda context: context.get_shared_object("model")["weight"]) == 3
        assert session.execute("kernel.shared('model')['weight']").text == "3"
        other.run(lambda context: context.remove_shared_object("model"))
        assert session.run(lambda context: context.get_shared_object("model")) is None
    assert session.state in ("idle", "busy")


def test_modules_are_uploaded_or_travel_with_the_job(session, tmp_path, monkeypatch):
    source = tmp_path / "my_module.py"
    source.write_text("def greet(context, name):\n    return 'hello ' + name\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import my_module

    with pytest.raises(polybius.JobFailed, match="upload.pyfile.*register_pickle_by_value"):
        session.run(my_module.greet, "you")
    cloudpickle.register_pickle_by_value(my_module)
    assert session.run(my_module.greet, "you") == "hello you"
    cloudpickle.unregister_pickle_by_value(my_module)
    session.upload_pyfile(source)
    assert session.run(my_module.greet, "you") == "hello you"


def test_files_are_uploaded(session, tmp_path):
    data = tmp_path / "data of ünïts.txt"
    data.write_text("veni vidi")
    session.upload_file(data)

    def read(context, name):
        from pyspark import SparkFiles

        with open(SparkFiles.get(name)) as file:
            return file.read()

    assert session.run(read, data.name) == "veni vidi"
    with pytest.raises(polybius.RequestError, match="cannot be added"):
        session.add_file("file:/etc/passwd")


def test_asyncio(session):
    async def use():
        async with polybius.connect_async(SERVER, "client") as other:
            values = await asyncio.gather(*(other.run(count, rows) for rows in range(1, 5)))
            assert values == [1, 2, 3, 4]
            assert (await other.execute("6 * 7")).text == "42"
            assert list((await other.sql("select 1 as n"))["n"]) == [1]
            job = await other.submit(endless)
            async for status in job.events():
                if status.state == "STARTED":
                    await job.cancel()
            with pytest.raises(polybius.JobCancelled):
                await job

    asyncio.run(use())


def test_no_thread_is_left():
    before = threading.active_count()
    with polybius.connect(SERVER, "client") as other:
        assert other.submit(lambda context: 1).result(PATIENCE) == 1
    assert threading.active_count() == before
