"""Talks to IPython's kernel as a language of a session, through a kernel of the server."""

import time
import unittest

import kernels
from kernels import of_type, published_by, reply_to, run, text_of

KERNEL = "polybius-jupyter-python3"


class JupyterKernelTest(kernels.SessionTest):
    kernel = KERNEL

    def ask(self, request, *arguments):
        return getattr(self.client, request)(*arguments, reply=True, timeout=30)["content"]

    def test_language_is_that_of_the_kernel(self):
        self.assertEqual(self.client.kernel_info(reply=True, timeout=30)["content"]["language_info"]["name"], "python")
        self.assertEqual(self.manager.kernel_spec.display_name, "Python 3 (ipykernel) on Polybius")

    def test_results_and_displays_have_all_their_forms(self):
        data = self.result("class Bold:\n    def _repr_html_(self): return '<b>x</b>'\nBold()")
        self.assertEqual(data["text/html"], "<b>x</b>")
        _, published = run(
            self.client,
            "from IPython.display import clear_output, display, HTML\n"
            "shown = display(HTML('<b>one</b>'), display_id=True)\n"
            "shown.update(HTML('<b>two</b>'))\n"
            "clear_output()",
        )
        self.assertEqual(of_type(published, "display_data")[0]["data"]["text/html"], "<b>one</b>")
        self.assertEqual(of_type(published, "update_display_data")[0]["data"]["text/html"], "<b>two</b>")
        self.assertEqual(len(of_type(published, "clear_output")), 1)

    def test_streams_are_kept_apart(self):
        _, published = run(self.client, "import sys\nprint('out')\nprint('problem', file=sys.stderr)")
        self.assertEqual(text_of(published), "out\n")
        self.assertEqual(text_of(published, "stderr"), "problem\n")

    def test_errors_have_the_traceback_of_the_kernel(self):
        reply, published = run(self.client, "def f(n):\n    return 1 / n\nf(0)")
        self.assertEqual(reply["content"]["ename"], "ZeroDivisionError")
        (error,) = of_type(published, "error")
        self.assertIn("division by zero", error["traceback"][-1])
        self.assertIn("\x1b[", "\n".join(error["traceback"]))

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
        self.assertEqual(reply["content"]["ename"], "StdinNotImplementedError")

    def test_question_to_the_user_can_be_interrupted(self):
        message_id = self.client.execute("input()", allow_stdin=True)
        self.client.get_stdin_msg(timeout=30)
        self.manager.interrupt_kernel()
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "error")
        self.assertEqual(self.result("40 + 2")["text/plain"], "42")

    def test_interrupt_raises_in_the_code(self):
        message_id = self.client.execute("while True: pass")
        published_by(self.client, message_id, until=lambda message: message["msg_type"] == "execute_input")
        self.manager.interrupt_kernel()
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "error")
        self.assertEqual(self.result("40 + 2")["text/plain"], "42")

    def test_questions_are_answered_by_the_kernel(self):
        run(self.client, "\u00e9number = 7")
        # The first completion of IPython can take longer than a front end waits.
        end = time.monotonic() + 60
        while not (found := self.ask("complete", "'\U0001d11e'; \u00e9numb", 10))["matches"]:
            self.assertLess(time.monotonic(), end, "nothing is completed")
        self.assertIn("\u00e9number", found["matches"])
        self.assertEqual((found["cursor_start"], found["cursor_end"]), (5, 10))
        self.assertIn("7", self.ask("inspect", "\u00e9number", 3)["data"]["text/plain"])
        for code, status in (("for i in x:", "incomplete"), ("x = = 1", "invalid"), ("x", "complete")):
            reply = reply_to(self.client, self.client.is_complete(code))
            self.assertEqual(reply["content"]["status"], status)

    def test_expressions_are_evaluated(self):
        reply, _ = run(self.client, "n = 3", user_expressions={"good": "n * 2", "bad": "nobody"})
        values = reply["content"]["user_expressions"]
        self.assertEqual(values["good"]["data"]["text/plain"], "6")
        self.assertEqual(values["bad"]["ename"], "NameError")

    def test_help_is_a_page(self):
        reply, _ = run(self.client, "len?")
        (page,) = reply["content"]["payload"]
        self.assertIn("Return the number of items", page["data"]["text/plain"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
