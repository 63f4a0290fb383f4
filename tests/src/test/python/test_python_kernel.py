"""Runs the Python kernel through Jupyter's own kernel tests, and through what is Python's own."""

import time
import unittest

import jupyter_kernel_test
import kernels
from kernels import SPARK_START, of_type, published_by, reply_to, run, text_of

KERNEL = "polybius-python"


class JupyterKernelTest(jupyter_kernel_test.KernelTests):
    kernel_name = KERNEL
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('problem', file=sys.stderr)"
    code_generate_error = "raise ValueError('boom')"
    code_execute_result = [
        {"code": "1 + 2 * 3", "result": "7"},
        {"code": "'text'", "result": "'text'"},
    ]
    code_display_data = [{"code": "shown = [1, 2]\n%table shown", "mime": "text/html"}]
    complete_code_samples = ["1", "x = 1", "def f(): return 2\n"]
    incomplete_code_samples = ["def f(n):", "[1,"]
    invalid_code_samples = ["x = = 1"]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    completion_samples = [
        {"text": "spark.createDataF", "matches": {"createDataFrame"}},
        {"text": "'text'.upp", "matches": {"upper"}},
    ]
    code_inspect_sample = "spark.range"
    code_page_something = "%help table"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = kernels.start(KERNEL)
        # Spark starts behind the kernel, which takes longer than these tests wait.
        run(cls.kc, "1", timeout=SPARK_START)

    @classmethod
    def tearDownClass(cls):
        kernels.stop(cls.km, cls.kc)


class PythonTest(kernels.SessionTest):
    kernel = KERNEL

    def test_data_frames_are_tables(self):
        data = self.result("spark.range(3).withColumnRenamed('id', 'n')")
        self.assertIn("<table", data["text/html"])
        self.assertIn("n", data["text/plain"])

    def test_tables_of_arrow_are_tables(self):
        data = self.result("import pyarrow\npyarrow.table({'n': list(range(30))})")
        self.assertIn("<table", data["text/html"])
        self.assertIn("20 of 30 rows", data["text/plain"])

    def test_frames_that_fail_when_they_are_shown_are_errors(self):
        reply, published = run(self.client, "kept = 5\nspark.range(3).selectExpr(\"raise_error('no rows')\")")
        self.assertEqual(reply["content"]["status"], "error")
        (error,) = of_type(published, "error")
        self.assertIn("no rows", error["evalue"])
        self.assertEqual(self.result("kept")["text/plain"], "5")

    def test_values_that_show_themselves_are_shown_once(self):
        reply, published = run(
            self.client,
            "from IPython.display import display, HTML\n"
            "class Chart:\n"
            "    def _ipython_display_(self): display(HTML('<b>chart</b>'))\n"
            "Chart()",
        )
        self.assertEqual(reply["content"]["status"], "ok")
        self.assertEqual(of_type(published, "display_data")[0]["data"]["text/html"], "<b>chart</b>")
        self.assertEqual(of_type(published, "execute_result"), [])

    def test_errors_have_the_traceback_of_python(self):
        reply, published = run(self.client, "def f(n):\n    return 1 / n\nf(0)")
        self.assertEqual(reply["content"]["ename"], "ZeroDivisionError")
        (error,) = of_type(published, "error")
        self.assertEqual(error["evalue"], "division by zero")
        self.assertIn("division by zero", error["traceback"][-1])
        self.assertNotIn("polybius_python", "\n".join(error["traceback"]))

    def test_code_asks_the_user(self):
        message_id = self.client.execute("int(input('How many? ')) * 2", allow_stdin=True)
        question = self.client.get_stdin_msg(timeout=30)
        self.assertEqual(question["content"], {"prompt": "How many? ", "password": False})
        self.client.input("21")
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "ok")
        published = published_by(self.client, message_id)
        self.assertEqual(of_type(published, "execute_result")[0]["data"]["text/plain"], "42")

    def test_code_that_must_not_ask_fails(self):
        reply, _ = run(self.client, "input()", allow_stdin=False)
        self.assertEqual(reply["content"]["status"], "error")

    def test_magics_of_ipython_are_code(self):
        reply, _ = run(self.client, "%precision 3")
        self.assertEqual(reply["content"]["status"], "ok")
        self.assertEqual(self.result("1 / 3")["text/plain"], "0.333")
        run(self.client, "%precision")

    def test_top_level_await_is_run(self):
        self.assertEqual(
            self.result("import asyncio\nawait asyncio.sleep(0.01, 'slept')")["text/plain"], "'slept'"
        )

    def test_shown_and_changed_displays(self):
        _, published = run(
            self.client,
            "from IPython.display import display, HTML\n"
            "shown = display(HTML('<b>one</b>'), display_id=True)\n"
            "shown.update(HTML('<b>two</b>'))",
        )
        self.assertEqual(of_type(published, "display_data")[0]["data"]["text/html"], "<b>one</b>")
        self.assertEqual(of_type(published, "update_display_data")[0]["data"]["text/html"], "<b>two</b>")

    def test_widgets_talk_to_the_notebook(self):
        _, published = run(
            self.client, "import ipywidgets\nslider = ipywidgets.IntSlider(value=3)\nslider"
        )
        shown = of_type(published, "execute_result")[0]["data"]
        model = shown["application/vnd.jupyter.widget-view+json"]["model_id"]
        states = {opened["comm_id"]: opened["data"]["state"] for opened in of_type(published, "comm_open")}
        self.assertEqual(states[model]["value"], 3)
        update = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
        self.client.shell_channel.send(
            self.client.session.msg("comm_msg", {"comm_id": model, "data": update})
        )
        deadline = time.monotonic() + 60
        while self.result("slider.value")["text/plain"] != "7":
            self.assertLess(time.monotonic(), deadline)
        _, published = run(self.client, "slider.value = 9")
        self.assertIn(9, [sent["data"]["state"].get("value") for sent in of_type(published, "comm_msg")])
        inside = self.result("out = ipywidgets.Output()\nwith out:\n    print('inside')\nout.outputs")
        self.assertIn("inside", inside["text/plain"])

    def test_figures_are_shown_by_themselves(self):
        _, published = run(
            self.client, "import matplotlib.pyplot as plt\nlines = plt.plot([1, 2])\nplt.show()\nlines = plt.plot([2, 1])"
        )
        pictures = [shown["data"]["image/png"] for shown in of_type(published, "display_data")]
        self.assertEqual(len(pictures), 2)
        self.assertEqual(text_of(published, "stderr"), "")

    def test_passwords_are_asked_for_and_not_shown(self):
        message_id = self.client.execute("import getpass\nlen(getpass.getpass())", allow_stdin=True)
        question = self.client.get_stdin_msg(timeout=30)
        self.assertEqual(question["content"], {"prompt": "Password: ", "password": True})
        self.client.input("word")
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "ok")
        published = published_by(self.client, message_id)
        self.assertEqual(of_type(published, "execute_result")[0]["data"]["text/plain"], "4")

    def test_interrupt_raises_in_the_code(self):
        message_id = self.client.execute("while True: pass")
        published_by(self.client, message_id, until=lambda message: message["msg_type"] == "execute_input")
        self.manager.interrupt_kernel()
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "error")
        self.assertEqual(self.result("40 + 2")["text/plain"], "42")


if __name__ == "__main__":
    unittest.main(verbosity=2)
