"""Runs the R kernel through Jupyter's own kernel tests, and through what is R's own."""

import unittest

import jupyter_kernel_test
import kernels
from kernels import SPARK_START, of_type, published_by, reply_to, run

KERNEL = "polybius-r"


class JupyterKernelTest(jupyter_kernel_test.KernelTests):
    kernel_name = KERNEL
    language_name = "R"
    file_extension = ".r"
    code_hello_world = "cat('hello, world')"
    code_stderr = "message('problem')"
    code_generate_error = "stop('boom')"
    code_execute_result = [
        {"code": "1 + 2 * 3", "result": "[1] 7"},
        {"code": "'text'", "result": '[1] "text"'},
    ]
    code_display_data = [
        {"code": "plot(1:3)", "mime": "image/png"},
        {"code": "%table mtcars", "mime": "text/html"},
    ]
    complete_code_samples = ["1", "x <- 1", "f <- function() 2\n"]
    incomplete_code_samples = ["f <- function(n) {", "c(1,", "'text"]
    invalid_code_samples = ["x y", "1)"]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    completion_samples = [
        {"text": "mtcars$mp", "matches": {"mtcars$mpg"}},
        {"text": "read.cs", "matches": {"read.csv", "read.csv2"}},
    ]
    code_inspect_sample = "rnorm"
    code_page_something = "?mean"

    # R has no word for that.
    test_clear_output = None

    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = kernels.start(KERNEL)
        # Spark starts behind the kernel, which takes longer than these tests wait.
        run(cls.kc, "1", timeout=SPARK_START)

    @classmethod
    def tearDownClass(cls):
        kernels.stop(cls.km, cls.kc)


class RTest(kernels.SessionTest):
    kernel = KERNEL

    def ask(self, code, *answers):
        message_id = self.client.execute(code, allow_stdin=True)
        for prompt, answer in answers:
            self.assertEqual(self.client.get_stdin_msg(timeout=30)["content"]["prompt"], prompt)
            self.client.input(answer)
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "ok")
        return of_type(published_by(self.client, message_id), "execute_result")[0]["data"]["text/plain"]

    def test_data_frames_are_tables_with_the_names_of_their_rows(self):
        data = self.result("mtcars")
        self.assertIn("<table", data["text/html"])
        self.assertIn("Mazda RX4", data["text/html"])
        self.assertIn("20 of 32 rows", data["text/plain"])

    def test_all_visible_values_are_shown_and_data_frames_as_tables(self):
        _, published = run(self.client, "head(mtcars, 2)\n'middle'\ninvisible(1)\n'last'")
        self.assertIn("<table", of_type(published, "display_data")[0]["data"]["text/html"])
        self.assertIn('[1] "middle"', of_type(published, "stream")[0]["text"])
        self.assertEqual(of_type(published, "execute_result")[0]["data"]["text/plain"], '[1] "last"')

    def test_errors_have_the_traceback_of_the_cell(self):
        reply, published = run(self.client, "f <- function(n) {\n  stop('boom')\n}\n\nf(0)")
        self.assertEqual(reply["content"]["ename"], "Error in f(0)")
        self.assertEqual(reply["content"]["evalue"], "boom")
        shown = "\n".join(of_type(published, "error")[0]["traceback"])
        for part in ("Traceback:", "1. f(0)", "cell line 2"):
            self.assertIn(part, shown)
        for ours in ("withVisible", "handleSimpleError", "tryCatch", "eval("):
            self.assertNotIn(ours, shown)

    def test_every_page_that_is_drawn_is_shown(self):
        _, published = run(self.client, "plot(1)\ncat('between\\n')\nhist(c(1, 2))")
        shown = [data for data in of_type(published, "display_data") if "image/png" in data["data"]]
        self.assertEqual(len(shown), 2)
        _, published = run(self.client, "par(mfrow = c(1, 2))")
        self.assertEqual(of_type(published, "display_data"), [])
        _, published = run(self.client, "plot(1); plot(2)")
        self.assertEqual(len(of_type(published, "display_data")), 1)

    def test_code_asks_the_user(self):
        code = "as.integer(readline('How many? ')) * 2L"
        self.assertEqual(self.ask(code, ("How many? ", "21")), "[1] 42")
        self.assertEqual(self.ask("rev(readLines(n = 2))", ("", "a"), ("", "b")), '[1] "b" "a"')

    def test_code_that_must_not_ask_fails(self):
        reply, _ = run(self.client, "readline()", allow_stdin=False)
        self.assertEqual(reply["content"]["status"], "error")

    def test_help_is_a_page_and_inspection_knows_functions_and_values(self):
        reply, _ = run(self.client, "help('rnorm')")
        self.assertIn("The Normal Distribution", reply["content"]["payload"][0]["data"]["text/plain"])
        run(self.client, "mine <- list(part = 1L)")
        for code, text in (("rnorm(", "function (n, mean = 0, sd = 1)"), ("mine", "$ part: int 1")):
            message_id = self.client.inspect(code, len(code))
            found = reply_to(self.client, message_id)["content"]
            self.assertTrue(found["found"], code)
            self.assertIn(text, found["data"]["text/plain"])

    def test_completion_knows_arguments_and_letters_outside_of_the_basic_plane(self):
        code = "'\U0001F600'; rnorm(me"
        message_id = self.client.complete(code, len(code))
        found = reply_to(self.client, message_id)["content"]
        self.assertIn("mean=", found["matches"])
        self.assertEqual((found["cursor_start"], found["cursor_end"]), (len(code) - 2, len(code)))

    def test_interrupt_stops_the_code_and_the_session_goes_on(self):
        message_id = self.client.execute("kept <- 1; repeat Sys.sleep(1)")
        published_by(self.client, message_id, until=lambda message: message["msg_type"] == "execute_input")
        self.manager.interrupt_kernel()
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "error")
        self.assertEqual(self.result("kept + 41")["text/plain"], "[1] 42")


if __name__ == "__main__":
    unittest.main(verbosity=2)
