"""Runs sparkmagic's kernels and magics on a server, in notebooks without a browser.

Usage: test_sparkmagic.py ADDRESS_OF_THE_SERVER [unittest's arguments]

JUPYTER_DATA_DIR and SPARKMAGIC_CONF_DIR name folders for this run alone.
"""

import json
import os
import pathlib
import re
import signal
import sys
import threading
import time
import typing
import unittest

import nbformat
import requests
import sparkmagic
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

SERVER = sys.argv.pop(1)
DEADLINE = 180

# What the view "texts" of each language holds: whatever a line of text could break on.
TEXTS = [
    {"n": 1, "text": "plain"},
    {"n": 2, "text": "two\nlines\tand a \\ and \"quotes\""},
    {"n": 3, "text": "ünïcödé ☃ 𝄞"},
    {"n": 4, "text": None},
]


class Language(typing.NamedTuple):
    """How the notebooks of this test look in one of sparkmagic's languages."""

    name: str
    kernel: str
    kind: str
    sum: str
    sum_shown: str
    printing: str
    printed: str
    frame: str
    frame_shown: str
    texts: str
    memory: str | None
    failures: dict
    endless: str


# Each language here is tested in a kernel of its own and with magics in a Python notebook.
LANGUAGES = [
    Language(
        name="scala",
        kernel="sparkkernel",
        kind="spark",
        sum="1 + 1",
        sum_shown=r"res\d+: Int = 2\n",
        printing='println("first\\nwörld")',
        printed="first\nwörld\n",
        frame='val frame = spark.range(3).toDF("n")\nframe.show()',
        frame_shown="frame: org.apache.spark.sql.DataFrame = [n: bigint]\n"
        "+---+\n|  n|\n+---+\n|  0|\n|  1|\n|  2|\n+---+\n\n",
        texts='Seq((1, "plain"), (2, "two\\nlines\\tand a \\\\ and \\"quotes\\""),\n'
        '  (3, "ünïcödé ☃ 𝄞"), (4, null)).toDF("n", "text").createOrReplaceTempView("texts")',
        memory='spark.sparkContext.getConf.get("spark.driver.memory")',
        failures={
            'sys.error("boom")': "java.lang.RuntimeException: boom",
            "val number: Int = true": "error: type mismatch",
            'spark.sql("select * from nowhere")': "TABLE_OR_VIEW_NOT_FOUND",
        },
        endless="while (true) {}",
    ),
    Language(
        name="python",
        kernel="pysparkkernel",
        kind="pyspark",
        sum="1 + 1",
        sum_shown="2",
        printing='print("first\\nwörld")',
        printed="first\nwörld",
        frame='frame = spark.range(3).toDF("n")\nframe.show()',
        frame_shown="+---+\n|  n|\n+---+\n|  0|\n|  1|\n|  2|\n+---+",
        texts='spark.createDataFrame([(1, "plain"), (2, "two\\nlines\\tand a \\\\ and \\"quotes\\""),\n'
        '  (3, "ünïcödé ☃ 𝄞"), (4, None)], ["n", "text"]).createOrReplaceTempView("texts")',
        memory=None,
        failures={
            'raise ValueError("boom")': "ValueError: boom",
            "1 +": "SyntaxError: invalid syntax",
            # The message by itself comes before the traceback.
            'spark.sql("select * from nowhere")': "AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]",
        },
        endless="while True: pass",
    ),
]


def setUpModule():
    credentials = {"username": "", "password": "", "url": SERVER, "auth": "None"}
    settings = {
        # nbclient does not hear the end of a cell in which sparkmagic draws a frame by widgets.
        "use_auto_viz": False,
        # sparkmagic ends a session only between two of its heartbeats.
        "heartbeat_refresh_seconds": 1,
        "heartbeat_retry_seconds": 1,
        # Its own are too short for a busy machine.
        "livy_session_startup_timeout_seconds": DEADLINE,
        "wait_for_idle_timeout_seconds": DEADLINE,
    }
    kernels = pathlib.Path(sparkmagic.__file__).parent / "kernels"
    for language in LANGUAGES:
        settings[f"kernel_{language.name}_credentials"] = credentials
        KernelSpecManager().install_kernel_spec(
            str(kernels / language.kernel), language.kernel, user=True
        )
    folder = pathlib.Path(os.environ["SPARKMAGIC_CONF_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings))


def get(path):
    response = requests.get(SERVER + path, timeout=DEADLINE)
    response.raise_for_status()
    return response.json()


def session_ids():
    return [session["id"] for session in get("/sessions")["sessions"]]


def last_statement(session):
    return get(f"/sessions/{session}/statements?order=desc&size=1")["statements"][0]


class Shown:
    """What a cell put out."""

    def __init__(self, outputs):
        self.text = self._streamed(outputs, "stdout")
        self.problems = self._streamed(outputs, "stderr")
        self.failed = any(output.output_type == "error" for output in outputs)
        self.html = "".join(
            output.data.get("text/html", "") for output in outputs if "data" in output
        )

    @staticmethod
    def _streamed(outputs, name):
        return "".join(
            output.text
            for output in outputs
            if output.output_type == "stream" and output.name == name
        )


class Notebook:
    """A notebook whose cells are written and executed one after the other."""

    def __init__(self, kernel):
        self._notebook = nbformat.v4.new_notebook()
        self._client = NotebookClient(
            self._notebook,
            kernel_name=kernel,
            timeout=DEADLINE,
            startup_timeout=DEADLINE,
            allow_errors=True,
        )
        self._running = self._client.setup_kernel()

    def __enter__(self):
        self._running.__enter__()
        return self

    def __exit__(self, *error):
        return self._running.__exit__(*error)

    def run(self, code):
        cell = nbformat.v4.new_code_cell(code)
        self._notebook.cells.append(cell)
        self._client.execute_cell(cell, len(self._notebook.cells) - 1)
        return Shown(cell.outputs)

    def interrupt(self):
        os.kill(self._client.km.provisioner.pid, signal.SIGINT)


class SparkmagicTest(unittest.TestCase):
    """What the notebooks of kernels and of magics have in common."""

    maxDiff = None

    def run_cell(self, notebook, code):
        """Runs a cell that must not fail."""
        shown = notebook.run(code)
        self.assertFalse(shown.failed, code)
        # Other lines than these may come: a heartbeat can stumble over the end of its session.
        self.assertNotRegex(shown.problems, r"error was encountered|fatal error", code)
        return shown

    def assert_texts(self, printed):
        self.assertEqual(json.loads(printed), TEXTS)

    def assert_failures(self, notebook, language, prefix):
        for code, expected in language.failures.items():
            problems = notebook.run(prefix + code).problems
            self.assertIn("An error was encountered:\n", problems)
            self.assertEqual(problems.count(expected), 1, problems)

    def assert_interrupt_cancels(self, notebook, language, prefix, session):
        def interrupt_when_running():
            deadline = time.monotonic() + DEADLINE
            while time.monotonic() < deadline:
                last = last_statement(session)
                if last["code"].strip() == language.endless and last["state"] == "running":
                    notebook.interrupt()
                    return
                time.sleep(0.1)

        interrupter = threading.Thread(target=interrupt_when_running)
        interrupter.start()
        self.assertIn("Interrupted by user", notebook.run(prefix + language.endless).problems)
        interrupter.join()
        self.assertEqual(last_statement(session)["state"], "cancelled")
        self.assertRegex(self.run_cell(notebook, prefix + language.sum).text, language.sum_shown)


class KernelTest(SparkmagicTest):
    """The kernel of a language."""

    def test_notebook(self):
        for language in LANGUAGES:
            with self.subTest(language.name):
                with Notebook(language.kernel) as notebook:
                    session = self.run_code(notebook, language)
                    self.run_sql(notebook, language)
                    self.assert_failures(notebook, language, "")
                    self.assert_interrupt_cancels(notebook, language, "", session)
                    self.send_and_fetch(notebook, language)
                    if language is LANGUAGES[0]:
                        # This has nothing to do with the language.
                        self.look_at_sessions(notebook, language, session)
                        self.configure(notebook, language, session)
                        self.clean_up(notebook, language)
                # The kernel has taken its session with it.
                self.assertEqual(session_ids(), [])

    def run_code(self, notebook, language):
        first = self.run_cell(notebook, language.sum)
        self.assertIn("SparkSession available as 'spark'.\n", first.text)
        self.assertRegex(first.text, language.sum_shown)
        (session,) = session_ids()
        self.assertEqual(get(f"/sessions/{session}")["kind"], language.kind)
        self.assertEqual(self.run_cell(notebook, language.printing).text, language.printed)
        self.assertEqual(self.run_cell(notebook, language.frame).text, language.frame_shown)
        statements = get(f"/sessions/{session}/statements")["statements"]
        # Nothing was sent twice.
        self.assertEqual(
            [statement["code"].strip() for statement in statements],
            ["spark", language.sum, language.printing, language.frame],
        )
        return session

    def run_sql(self, notebook, language):
        self.run_cell(notebook, language.texts)
        # sparkmagic complains of texts that are no dates unless it leaves the types alone.
        table = self.run_cell(notebook, "%%sql -o rows -c false\nselect * from texts order by n")
        for cell in ("plain", "ünïcödé ☃ 𝄞", "NaN"):
            self.assertIn(f"<td>{cell}</td>", table.html)
        self.assert_texts(
            self.run_cell(notebook, '%%local\nprint(rows.to_json(orient="records"))').text
        )
        self.assertEqual(self.run_cell(notebook, "%%sql -q\nselect 1 as one").html, "")
        problems = notebook.run("%%sql\nselect * from nowhere").problems
        self.assertIn("TABLE_OR_VIEW_NOT_FOUND", problems)

    def send_and_fetch(self, notebook, language):
        self.run_cell(notebook, '%%local\nword = "wörd"')
        sent = self.run_cell(notebook, "%%send_to_spark -i word")
        self.assertIn("Successfully passed", sent.text)
        self.assertIn("wörd", self.run_cell(notebook, "word").text)
        self.run_cell(notebook, f"%%spark -o frame\n{language.frame}")
        self.assertEqual(
            self.run_cell(notebook, "%%local\nprint(frame.n.tolist())").text, "[0, 1, 2]\n"
        )
        self.assertIn("<table>", self.run_cell(notebook, f"%%pretty\n{language.frame}").html)

    def look_at_sessions(self, notebook, language, session):
        self.assertTrue(self.run_cell(notebook, "%%logs").text.startswith("stdout: \n"))
        other = requests.post(
            f"{SERVER}/sessions", json={"kind": language.kind}, timeout=DEADLINE
        ).json()["id"]
        info = self.run_cell(notebook, "%%info").html
        self.assertRegex(info, rf"<td>{session}</td>.*<td>idle</td>.*✔.*<td>{other}</td>")
        refused = notebook.run(f"%%delete -f -s {session}").problems
        self.assertIn("Cannot delete this kernel's session", refused)
        self.run_cell(notebook, f"%%delete -f -s {other}")
        self.assertEqual(session_ids(), [session])

    def configure(self, notebook, language, session):
        settings = json.dumps({"driverMemory": "700m", "conf": {"spark.ui.enabled": "false"}})
        refused = notebook.run(f"%%configure\n{settings}").problems
        self.assertIn("include the -f argument", refused)
        self.assertIn("700m", self.run_cell(notebook, f"%%configure -f\n{settings}").html)
        (configured,) = session_ids()
        self.assertNotEqual(configured, session)
        self.assertEqual(get(f"/sessions/{configured}")["driverMemory"], "700m")
        self.assertIn("700m", self.run_cell(notebook, language.memory).text)

    def clean_up(self, notebook, language):
        self.run_cell(notebook, "%%cleanup -f")
        self.assertEqual(session_ids(), [])
        self.assertIn("No active sessions.", self.run_cell(notebook, "%%info").html)
        self.assertRegex(self.run_cell(notebook, language.sum).text, language.sum_shown)
        self.assertEqual(len(session_ids()), 1)


class MagicsTest(SparkmagicTest):
    """The magics in a Python notebook."""

    def test_notebook(self):
        for language in LANGUAGES:
            with self.subTest(language.name), Notebook("python3") as notebook:
                self.run_cell(notebook, "%load_ext sparkmagic.magics")
                self.run_cell(
                    notebook, f"%spark add -s work -l {language.name} -u {SERVER} -t None"
                )
                (session,) = session_ids()
                info = self.run_cell(notebook, "%spark info").text
                self.assertRegex(info, rf"Name: work\s+Session id: {session}\s")
                self.run_code(notebook, language)
                self.assert_failures(notebook, language, "%%spark\n")
                self.assert_interrupt_cancels(notebook, language, "%%spark\n", session)
                self.assertIn("stdout: \n", self.run_cell(notebook, "%spark logs -s work").text)
                self.run_cell(notebook, "%spark cleanup")
                self.assertEqual(session_ids(), [])

    def run_code(self, notebook, language):
        self.assertRegex(
            self.run_cell(notebook, f"%%spark\n{language.sum}").text, language.sum_shown
        )
        self.assertEqual(
            self.run_cell(notebook, f"%%spark -s work\n{language.printing}").text, language.printed
        )
        frame = self.run_cell(notebook, f"%%spark -o frame\n{language.frame}").text
        self.assertEqual(frame, language.frame_shown)
        self.assertEqual(self.run_cell(notebook, "print(frame.n.tolist())").text, "[0, 1, 2]\n")
        self.run_cell(notebook, f"%%spark\n{language.texts}")
        self.run_cell(
            notebook, "%%spark -c sql -o rows -q -e false\nselect * from texts order by n"
        )
        self.assert_texts(self.run_cell(notebook, 'print(rows.to_json(orient="records"))').text)
        few = self.run_cell(notebook, "%%spark -c sql -n 1\nselect n from texts where n > 1")
        self.assertEqual(re.findall(r"<td>(.*?)</td>", few.html), ["2"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
