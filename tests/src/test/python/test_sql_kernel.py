"""Runs the SQL kernel through Jupyter's own kernel tests, and through what is SQL's own."""

import unittest

import jupyter_kernel_test
import kernels
from kernels import SPARK_START, of_type, published_by, reply_to, run

KERNEL = "polybius-sql"


class JupyterKernelTest(jupyter_kernel_test.KernelTests):
    kernel_name = KERNEL
    language_name = "sql"
    file_extension = ".sql"
    code_generate_error = "select * from no_such_table"
    code_display_data = [{"code": "select 1 as one", "mime": "text/html"}]
    complete_code_samples = ["select 1", "select 1;", "-- nothing"]
    incomplete_code_samples = ["select 'text", "/* comment", "select `name"]
    completion_samples = [{"text": "sel", "matches": {"select"}}]
    code_inspect_sample = "inspected"
    code_page_something = "%help table"

    # SQL prints nothing, and what it shows is a display, not the value of the cell.
    test_execute_stdout = test_execute_stderr = test_execute_result = test_history = test_clear_output = None

    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = kernels.start(KERNEL)
        # Spark starts behind the kernel, which takes longer than these tests wait.
        run(cls.kc, "create temporary view inspected as select 1 as one", timeout=SPARK_START)

    @classmethod
    def tearDownClass(cls):
        kernels.stop(cls.km, cls.kc)


class SqlTest(kernels.SessionTest):
    kernel = KERNEL
    first_statement = "select 1"

    def shown(self, code):
        reply, published = run(self.client, code)
        self.assertEqual(reply["content"]["status"], "ok", reply["content"])
        return [each["data"] for each in of_type(published, "display_data")]

    def test_each_statement_shows_its_table(self):
        first, second = self.shown("select 1 as one; select 'a;b' as text, 2 as two;")
        self.assertIn("one", first["text/plain"])
        self.assertIn("a;b", second["text/plain"])
        self.assertIn("<table", second["text/html"])

    def test_long_results_say_that_they_are_cut(self):
        (data,) = self.shown("select id from range(2500)")
        self.assertIn("20 of more than 1,000 rows", data["text/plain"])
        self.assertIn("20 of more than 1,000 rows", data["text/html"])

    def test_magics_show_tables_and_views(self):
        self.shown("create or replace temporary view plotted as select id, id * id as square from range(10)")
        (plot,) = self.shown("%plot plotted line x=id y=square")
        self.assertIn("image/png", plot)
        self.assertIn("application/vnd.vegalite.v5+json", plot)
        (table,) = self.shown("%table plotted 3")
        self.assertIn("3 of", table["text/plain"])

    def test_statements_after_a_failed_one_do_not_run(self):
        reply, published = run(
            self.client, "select 1 as before; select * from no_such_table; create view not_made as select 1"
        )
        self.assertEqual(reply["content"]["status"], "error")
        self.assertEqual(len(of_type(published, "display_data")), 1)
        (error,) = of_type(published, "error")
        self.assertIn("no_such_table", error["evalue"])
        self.assertNotIn("not_made", self.shown("show tables")[0]["text/plain"])

    def test_functions_are_explained(self):
        reply = reply_to(self.client, self.client.inspect("select date_trunc(", 14))
        self.assertIn("Usage:", reply["content"]["data"]["text/plain"])

    def test_history_has_the_statements(self):
        self.shown("select 1234 as remembered")
        reply = reply_to(self.client, self.client.history(hist_access_type="tail", n=1))
        self.assertIn("select 1234 as remembered", reply["content"]["history"][0])

    def test_interrupt_cancels_the_query(self):
        message_id = self.client.execute(
            "select count(java_method('java.lang.Thread', 'sleep', 50L)) from range(0, 100000, 1, 4)"
        )
        published_by(self.client, message_id, until=lambda message: message["msg_type"] == "execute_input")
        self.manager.interrupt_kernel()
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "error")
        (data,) = self.shown("select 40 + 2 as sum")
        self.assertIn("42", data["text/plain"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
