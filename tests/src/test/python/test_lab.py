"""Uses JupyterLab in a browser as a person does, and looks at what it draws.

Which kernels Lab offers is up to its environment: those of JUPYTER_PATH, or those of JUPYTER_GATEWAY_URL.
"""

import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from playwright.sync_api import expect, sync_playwright

TILE = "Spark Scala (Polybius)"
SERVER = os.environ["POLYBIUS_TEST_SERVER"]
NOTEBOOKS = pathlib.Path(os.environ["POLYBIUS_TEST_NOTEBOOKS"])
SCREENSHOTS = pathlib.Path(os.environ["POLYBIUS_TEST_SCREENSHOTS"])

SECONDS = 1000
SPARK_START = 180 * SECONDS
SOON = 30 * SECONDS

# How Lab draws an error.
ERROR = '[data-mime-type="application/vnd.jupyter.stderr"]'

# What Lab says in the console of its own accord, whatever the kernel is.
NOT_OURS = (
    # A Jupyter Server offers its browser no protocol when it uses a gateway; Lab does without.
    "Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received",
    # It looks for files that an error might name, "/" for example, and cannot when it uses a gateway.
    "/api/resolvePath?",
)


class Lab:
    """A JupyterLab on a free port, with a folder of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lab")
        self.log = open(os.path.join(self.folder, "lab.log"), "w+")
        notebooks = shutil.copytree(NOTEBOOKS, os.path.join(self.folder, "notebooks"))
        runtime = os.environ["JUPYTER_RUNTIME_DIR"]
        self.write_settings()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--allow-root",
                "--ip=127.0.0.1",
                "--port=0",
                "--IdentityProvider.token=",
                "--ServerApp.disable_check_xsrf=True",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                f"--ServerApp.root_dir={notebooks}",
            ],
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 90
        pattern = os.path.join(runtime, f"jpserver-{self.process.pid}.json")
        while True:
            try:
                with open(pattern) as file:
                    self.url = json.load(file)["url"]
                urllib.request.urlopen(self.url + "api", timeout=10).close()
                break
            except (OSError, ValueError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.close()
                    raise AssertionError("JupyterLab did not start:\n" + self.printed)
                time.sleep(0.2)

    def delete(self, path):
        request = urllib.request.Request(self.url + path, method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()

    @staticmethod
    def write_settings():
        # A question about news would lie over what the test wants to click.
        settings = pathlib.Path(os.environ["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab")
        for extension, name, values in (
            ("apputils-extension", "notification", {"fetchNews": "false", "checkForUpdates": False}),
            # All cells are to be looked at, not only those that are on the screen.
            ("notebook-extension", "tracker", {"windowingMode": "none"}),
        ):
            folder = settings / extension
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(values))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.seek(0)
        self.printed = self.log.read()
        self.log.close()
        shutil.rmtree(self.folder)


class LabTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        cls.lab = Lab()
        cls.addClassCleanup(cls.end_lab)
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = cls.playwright.chromium.launch(
            executable_path=os.environ["POLYBIUS_TEST_CHROMIUM"], args=["--no-sandbox"]
        )
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def end_lab(cls):
        cls.lab.close()
        print(cls.lab.printed)

    def setUp(self):
        self.addCleanup(self.end_kernels)
        self.page = self.browser.new_page(viewport={"width": 1280, "height": 900})
        self.addCleanup(self.page.close)
        self.complaints = []
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def hear(self, message):
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def tearDown(self):
        self.picture(self._testMethodName)
        ours = [text for text in self.complaints if not any(known in text for known in NOT_OURS)]
        self.assertEqual(ours, [])

    def picture(self, name):
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    # What a user does

    def open(self, path=""):
        # A workspace of its own, in which nothing is open yet.
        self.page.goto(f"{self.lab.url}lab/workspaces/{self._testMethodName}/{path}?reset")

    def open_notebook(self, name):
        self.open(f"tree/{name}")
        self.await_kernel()

    def await_kernel(self):
        expect(
            self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        ).to_be_visible(timeout=SPARK_START)
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text(
            f"{TILE} | Idle", timeout=SPARK_START
        )

    def menu(self, menu, item):
        self.page.get_by_role("menubar").get_by_text(menu, exact=True).click()
        self.page.get_by_role("menuitem", name=item).first.click()

    def confirm(self):
        self.page.locator(".jp-Dialog .jp-mod-accept").click()

    def type(self, code):
        self.page.keyboard.insert_text(code)

    def run_cell(self, code):
        """Types code into the active cell, runs it, and returns the cell."""
        self.type(code)
        cell = self.page.locator(".jp-CodeCell.jp-mod-active")
        index = self.page.locator(".jp-Notebook .jp-CodeCell").evaluate_all(
            "cells => cells.findIndex(cell => cell.classList.contains('jp-mod-active'))"
        )
        expect(cell).to_be_visible()
        self.page.keyboard.press("Shift+Enter")
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)

    def expect_number(self, cell, number, timeout=SOON):
        expect(cell.locator(".jp-InputPrompt")).to_have_text(f"[{number}]:", timeout=timeout)

    def new_notebook(self):
        self.open()
        tile = self.page.locator(f'.jp-LauncherCard[title="{TILE}"]').first
        expect(tile).to_be_visible(timeout=60 * SECONDS)
        tile.click()
        self.await_kernel()
        self.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()

    def shut_down(self):
        self.menu("Kernel", "Shut Down Kernel")
        self.confirm_if_asked()
        self.await_no_session()

    def confirm_if_asked(self):
        accept = self.page.locator(".jp-Dialog .jp-mod-accept")
        try:
            accept.wait_for(timeout=2 * SECONDS)
            accept.click()
        except Exception:
            pass

    def end_kernels(self):
        """Ends what a test has left that failed."""
        with urllib.request.urlopen(self.lab.url + "api/kernels", timeout=10) as answer:
            for kernel in json.load(answer):
                self.lab.delete(f"api/kernels/{kernel['id']}")

    @staticmethod
    def end_at_the_server():
        """Ends all kernels there, as it does with those that nobody has used for too long."""
        with urllib.request.urlopen(SERVER + "/api/kernels", timeout=10) as answer:
            for kernel in json.load(answer):
                request = urllib.request.Request(f"{SERVER}/api/kernels/{kernel['id']}", method="DELETE")
                urllib.request.urlopen(request, timeout=30).close()

    def await_no_session(self):
        deadline = time.monotonic() + 60
        while self.sessions():
            self.assertLess(time.monotonic(), deadline, "the session of a closed kernel is there")
            time.sleep(0.2)

    @staticmethod
    def sessions():
        with urllib.request.urlopen(SERVER + "/sessions", timeout=10) as answer:
            return json.load(answer)["total"]

    # The tests

    def test_launcher_has_a_tile_with_the_logo(self):
        self.open()
        tile = self.page.locator(f'.jp-LauncherCard[title="{TILE}"]').first
        expect(tile).to_be_visible(timeout=60 * SECONDS)
        logo = tile.locator("img")
        expect(logo).to_be_visible()
        self.assertIn("/kernelspecs/polybius-scala/logo", logo.get_attribute("src"))
        self.page.wait_for_function("image => image.naturalWidth > 0", arg=logo.element_handle())

    def test_a_new_notebook(self):
        self.new_notebook()
        cell = self.run_cell("val numbers = Seq(1, 2, 3)\nnumbers.sum")
        self.expect_number(cell, 1, SPARK_START)
        expect(cell.locator(".jp-OutputArea-executeResult .jp-OutputArea-output")).to_have_text("6")

        # One candidate is put in, several are listed.
        self.type("numbers.isEm")
        active = self.page.locator(".jp-CodeCell.jp-mod-active .cm-content")
        deadline = time.monotonic() + 60
        while active.inner_text().strip() != "numbers.isEmpty":
            # A cold compiler has nothing to offer yet; a user would press the key again.
            self.assertLess(time.monotonic(), deadline, active.inner_text())
            self.page.keyboard.press("Tab")
            self.page.wait_for_timeout(3 * SECONDS)
        self.page.keyboard.press("Control+A")
        self.type("numbers.m")
        self.page.keyboard.press("Tab")
        candidates = self.page.locator(".jp-Completer")
        expect(candidates).to_be_visible(timeout=SOON)
        expect(candidates.locator(".jp-Completer-match", has_text="map").first).to_be_visible()
        self.picture("completion")
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+A")

        cell = self.run_cell("while (true) {}")
        expect(cell.locator(".jp-InputPrompt")).to_have_text("[*]:")
        self.await_busy()
        self.page.locator('[data-command="notebook:interrupt-kernel"]').first.click()
        self.expect_number(cell, 2)
        expect(cell.locator(ERROR)).to_contain_text(
            "Interrupt"
        )
        self.picture("interrupt")

        self.page.locator('[data-command="notebook:restart-kernel"]').first.click()
        self.confirm()
        self.page.locator(".jp-CodeCell.jp-mod-active .cm-content").click()
        cell = self.run_cell("numbers")
        self.expect_number(cell, 1, SPARK_START)
        expect(cell.locator(ERROR)).to_contain_text(
            "not found: value numbers"
        )
        self.shut_down()

    def await_busy(self):
        expect(
            self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="busy"]')
        ).to_be_visible(timeout=SOON)

    def run_notebook(self, name):
        """Runs all cells of an example and waits for their end, which must be a good one."""
        self.open_notebook(name)
        sources = json.loads((NOTEBOOKS / name).read_text())["cells"]
        code = [cell for cell in sources if cell["cell_type"] == "code"]
        self.menu("Run", "Run All Cells")
        may_fail = ["raises-exception" in cell["metadata"].get("tags", []) for cell in code]
        # All have their number when they have begun; after one that fails unexpectedly, none begins.
        self.page.wait_for_function(
            """mayFail => {
                const cells = Array.from(document.querySelectorAll('.jp-Notebook .jp-CodeCell'));
                const has = (cell, what) => cell.querySelector(what) !== null;
                return cells.some((cell, i) => !mayFail[i] && has(cell, '[data-mime-type="application/vnd.jupyter.stderr"]'))
                    || cells.every(cell => /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').textContent));
            }""",
            arg=may_fail,
            timeout=SPARK_START,
        )
        self.await_kernel()
        errors = self.page.locator(ERROR)
        self.assertEqual(errors.count(), sum(may_fail), errors.all_inner_texts())
        prompts = self.page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").all_inner_texts()
        self.assertEqual(
            [prompt.strip() for prompt in prompts],
            [f"[{number}]:" for number in range(1, len(code) + 1)],
        )

    def show(self, locator):
        locator.scroll_into_view_if_needed()
        expect(locator).to_be_visible(timeout=SOON)

    def test_quick_start(self):
        self.run_notebook("quick-start.ipynb")
        self.show(self.page.locator(".jp-RenderedHTMLCommon table.dataframe").first)
        self.picture("table")
        self.shut_down()

    def test_sharing(self):
        self.run_notebook("sharing.ipynb")
        self.show(self.page.locator(".jp-RenderedHTMLCommon table.dataframe").first)
        self.shut_down()

    def test_tables_and_plots(self):
        self.run_notebook("tables-and-plots.ipynb")
        tables = self.page.locator(".jp-RenderedHTMLCommon table.dataframe")
        self.show(tables.first)
        plots = self.page.locator(".vega-embed canvas, .vega-embed svg.marks")
        self.show(plots.first)
        self.picture("plot")
        expect(plots).to_have_count(
            (NOTEBOOKS / "tables-and-plots.ipynb").read_text().count('"%plot '), timeout=SOON
        )
        for plot in plots.all():
            self.show(plot)
            box = plot.bounding_box()
            self.assertGreater(box["width"] * box["height"], 10_000)
        self.picture("last-plot")
        self.shut_down()

    def test_when_things_go_wrong(self):
        self.run_notebook("when-things-go-wrong.ipynb")
        error = self.page.locator(ERROR).first
        self.show(error)
        expect(error).to_contain_text("/ by zero")
        self.picture("error")
        self.shut_down()

    def test_a_long_job_draws_its_progress(self):
        self.new_notebook()
        cell = self.run_cell(
            "spark.range(0, 24, 1, 24).foreach((_: java.lang.Long) => Thread.sleep(1000))"
        )
        bar = cell.locator(".jp-OutputArea-output progress")
        expect(bar).to_be_visible(timeout=SPARK_START)
        self.picture("progress")
        # It moves: updates replace what is there.
        first = bar.get_attribute("value")
        self.page.wait_for_function(
            "([bar, first]) => !bar.isConnected || bar.getAttribute('value') !== first",
            arg=[bar.element_handle(), first],
            timeout=SOON,
        )
        self.expect_number(cell, 1, 120 * SECONDS)
        expect(cell.locator(".jp-OutputArea-output progress")).to_have_count(0)
        self.shut_down()

    def test_code_asks_the_user(self):
        self.new_notebook()
        cell = self.run_cell('val name = scala.io.StdIn.readLine("Your name? ")\ns"Hello, $name!"')
        field = cell.locator(".jp-Stdin-input")
        expect(field).to_be_visible(timeout=SPARK_START)
        field.fill("Ada")
        field.press("Enter")
        self.expect_number(cell, 1)
        expect(cell.locator(".jp-OutputArea-executeResult")).to_contain_text("Hello, Ada!")
        self.shut_down()

    def test_a_kernel_that_the_server_has_ended(self):
        self.new_notebook()
        cell = self.run_cell("val number = 42")
        self.expect_number(cell, 1, SPARK_START)
        self.end_at_the_server()
        if "JUPYTER_GATEWAY_URL" in os.environ:
            # It is gone for good.
            expect(self.page.locator("#jp-main-statusbar")).to_contain_text(
                "Disconnected", timeout=60 * SECONDS
            )
            return
        # Its relay is gone, which Jupyter starts again.
        expect(self.page.locator(".jp-Dialog")).to_contain_text("Kernel Restarting", timeout=SOON)
        self.confirm()
        self.await_kernel()
        self.page.locator(".jp-CodeCell .cm-content").last.click()
        cell = self.run_cell("number")
        self.expect_number(cell, 1, SPARK_START)
        expect(cell.locator(ERROR)).to_contain_text("not found: value number")
        self.shut_down()


if __name__ == "__main__":
    unittest.main(verbosity=2)
