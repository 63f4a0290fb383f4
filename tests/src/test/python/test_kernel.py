"""Runs kernels through Jupyter's own kernel tests, and through what they leave out."""

import contextlib
import os
import queue
import signal
import socket as socketlib
import time
import unittest
import urllib.parse

import jupyter_kernel_test
import kernels
import websocket
import zmq
from kernels import SPARK_START, of_type, published_by, reply_to, run, text_of


class JupyterKernelTest(jupyter_kernel_test.KernelTests):
    kernel_name = kernels.KERNEL
    language_name = "scala"
    file_extension = ".scala"
    code_hello_world = 'println("hello, world")'
    code_stderr = 'Console.err.println("problem")'
    code_generate_error = 'throw new RuntimeException("boom")'
    code_execute_result = [
        {"code": "1 + 2 * 3", "result": "7"},
        {"code": '"text"', "result": "text"},
    ]
    code_display_data = [{"code": "val shown = Seq(1, 2)\n%table shown", "mime": "text/html"}]
    complete_code_samples = ["1", "val x = 1", "def f = 2"]
    incomplete_code_samples = ["def f(n: Int) = {", "Seq(1,"]
    invalid_code_samples = ["val = = 1"]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    completion_samples = [
        {"text": "List(1).isEm", "matches": ["isEmpty"]},
        {"text": "spark.emptyDataF", "matches": ["emptyDataFrame"]},
    ]
    code_inspect_sample = "spark.range"
    code_page_something = "%help table"
    code_clear_output = "kernel.clearOutput(false)"

    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = kernels.start()
        # Spark starts behind the kernel, which takes longer than these tests wait.
        run(cls.kc, "1", timeout=SPARK_START)
        kernels.await_completion(cls.kc)

    @classmethod
    def tearDownClass(cls):
        kernels.stop(cls.km, cls.kc)


class KernelLifeTest(unittest.TestCase):
    """Messages and moments that jupyter_kernel_test does not cover."""

    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = kernels.start()
        begin = time.monotonic()
        cls.client.kernel_info(reply=True, timeout=10)
        cls.info_seconds = time.monotonic() - begin
        run(cls.client, "1", timeout=SPARK_START)
        cls.spark_seconds = time.monotonic() - begin

    @classmethod
    def tearDownClass(cls):
        kernels.stop(cls.manager, cls.client)

    def await_stream(self, client, message_id):
        return published_by(client, message_id, until=lambda sent: sent["msg_type"] == "stream")

    def test_kernel_answers_before_spark_is_up(self):
        self.assertLess(self.info_seconds, self.spark_seconds / 2)
        info = self.client.kernel_info(reply=True, timeout=10)["content"]
        self.assertEqual(info["status"], "ok")
        self.assertEqual(info["implementation"], "polybius")
        self.assertEqual(info["protocol_version"], "5.5")

    def test_messages_come_in_order(self):
        reply, published = run(self.client, 'println("a"); 1 + 1')
        kinds = [message["msg_type"] for message in published]
        self.assertEqual(kinds, ["status", "execute_input", "stream", "execute_result", "status"])
        self.assertEqual(published[0]["content"]["execution_state"], "busy")
        self.assertEqual(reply["content"]["status"], "ok")
        count = reply["content"]["execution_count"]
        self.assertEqual(of_type(published, "execute_input")[0]["execution_count"], count)
        self.assertEqual(of_type(published, "execute_result")[0]["execution_count"], count)

    def test_json_magic_is_a_json_value(self):
        _, published = run(self.client, 'val m = Map("a" -> 1)\n%json m')
        self.assertEqual(of_type(published, "display_data")[0]["data"]["application/json"], {"a": 1})

    def test_table_magic_has_html_and_text_and_no_json(self):
        _, published = run(self.client, "val df = spark.range(3).toDF\n%table df")
        data = of_type(published, "display_data")[0]["data"]
        self.assertIn("<table", data["text/html"])
        self.assertIn("id", data["text/plain"])
        self.assertNotIn("application/vnd.livy.table.v1+json", data)
        self.assertNotIn("application/json", data)

    def test_data_frame_at_the_end_of_a_cell_is_a_table(self):
        _, published = run(self.client, "spark.range(3).toDF")
        data = of_type(published, "execute_result")[0]["data"]
        self.assertIn("<table", data["text/html"])
        self.assertIn("id", data["text/plain"])

    def test_plot_is_drawn_by_notebooks_and_in_their_exports(self):
        _, published = run(
            self.client, 'val points = Seq((1, 2), (2, 4)).toDF("x", "y")\n%plot points line x=x y=y'
        )
        data = of_type(published, "display_data")[0]["data"]
        self.assertIn("application/vnd.vegalite.v5+json", data)
        self.assertTrue(data["image/png"].startswith("iVBOR"))
        self.assertNotIn("text/html", data)

    def test_long_job_shows_its_progress_in_one_display(self):
        _, published = run(
            self.client,
            "spark.range(0, 6, 1, 6).foreach { (i: java.lang.Long) => Thread.sleep(1000) }",
        )
        shown = [
            message
            for message in published
            if message["msg_type"] in ("display_data", "update_display_data")
        ]
        self.assertEqual(shown[0]["msg_type"], "display_data")
        self.assertGreater(len(shown), 1)
        self.assertTrue(
            all(message["msg_type"] == "update_display_data" for message in shown[1:]), shown
        )
        self.assertEqual(
            len({message["content"]["transient"]["display_id"] for message in shown}), 1
        )
        self.assertIn("<progress", shown[0]["content"]["data"]["text/html"])

    def test_displays_can_be_updated_by_their_id(self):
        _, published = run(
            self.client,
            'kernel.display("shown", "text/html", "<b>one</b>")\n'
            'kernel.update("shown", "text/html", "<b>two</b>")',
        )
        shown = of_type(published, "display_data")[0]
        updated = of_type(published, "update_display_data")[0]
        self.assertEqual(shown["data"]["text/html"], "<b>one</b>")
        self.assertEqual(updated["data"]["text/html"], "<b>two</b>")
        self.assertEqual(shown["transient"], updated["transient"])

    def test_name_with_a_question_mark_opens_the_pager(self):
        reply, _ = run(self.client, "sc?")
        (page,) = reply["content"]["payload"]
        self.assertEqual(page["source"], "page")
        self.assertIn("SparkContext", page["data"]["text/plain"])

    def test_code_asks_the_user(self):
        message_id = self.client.execute(
            'val answer = scala.io.StdIn.readLine("How many? ").toInt; answer * 2',
            allow_stdin=True,
        )
        question = self.client.get_stdin_msg(timeout=30)
        self.assertEqual(question["msg_type"], "input_request")
        self.assertEqual(question["content"], {"prompt": "How many? ", "password": False})
        self.client.input("21")
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "ok")
        published = published_by(self.client, message_id)
        self.assertEqual(of_type(published, "execute_result")[0]["data"]["text/plain"], "42")

    def test_code_that_must_not_ask_fails(self):
        reply, _ = run(self.client, "scala.io.StdIn.readLine()", allow_stdin=False)
        self.assertEqual(reply["content"]["status"], "error")

    def test_expressions_of_the_user_are_evaluated_after_the_cell(self):
        reply, _ = run(
            self.client,
            "val seven = 7",
            user_expressions={"good": "seven * 6", "bad": "seven / 0"},
        )
        expressions = reply["content"]["user_expressions"]
        self.assertEqual(expressions["good"]["data"]["text/plain"], "42")
        self.assertEqual(expressions["bad"]["status"], "error")

    def test_errors_say_where(self):
        reply, published = run(self.client, 'def f(n: Int): Int = 1 / n\nf(0)')
        self.assertEqual(reply["content"]["ename"], "java.lang.ArithmeticException")
        (error,) = of_type(published, "error")
        self.assertIn("by zero", error["evalue"])
        self.assertEqual(error["traceback"], reply["content"]["traceback"])

    def test_output_streams_while_code_runs(self):
        message_id = self.client.execute('println("early"); Thread.sleep(2000); println("late")')
        times = {}
        while "late" not in times:
            message = self.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "stream":
                for word in message["content"]["text"].split():
                    times[word] = time.monotonic()
        self.assertGreater(times["late"] - times["early"], 1.0)
        reply_to(self.client, message_id)

    def test_ten_thousand_lines_arrive(self):
        _, published = run(self.client, "for (i <- 1 to 10000) println(i)")
        self.assertEqual(text_of(published).split(), [str(i) for i in range(1, 10001)])

    def test_interrupt_ends_an_endless_loop(self):
        message_id = self.client.execute('println("looping"); while (true) {}')
        self.await_stream(self.client, message_id)
        self.manager.interrupt_kernel()
        reply = reply_to(self.client, message_id)
        self.assertEqual(reply["content"]["status"], "error")
        self.assertIn("Interrupt", reply["content"]["ename"])
        reply, published = run(self.client, "40 + 2")
        self.assertEqual(of_type(published, "execute_result")[0]["data"]["text/plain"], "42")

    def test_interrupt_ends_a_job_of_spark(self):
        message_id = self.client.execute(
            'println("running"); spark.range(0, 4, 1, 4).foreach { (i: java.lang.Long) => Thread.sleep(60000) }'
        )
        self.await_stream(self.client, message_id)
        self.manager.interrupt_kernel()
        reply = reply_to(self.client, message_id)
        self.assertEqual(reply["content"]["status"], "error")
        _, published = run(self.client, "sc.statusTracker.getActiveJobIds.length")
        self.assertEqual(of_type(published, "execute_result")[0]["data"]["text/plain"], "0")

    def test_error_aborts_what_was_queued(self):
        first = self.client.execute('Thread.sleep(500); sys.error("first")')
        second = self.client.execute('println("never")')
        replies = {}
        while len(replies) < 2:
            reply = self.client.get_shell_msg(timeout=30)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        self.assertEqual(replies, {first: "error", second: "aborted"})

    def test_questions_are_answered_while_a_cell_runs(self):
        message_id = self.client.execute('println("busy"); Thread.sleep(5000)')
        self.await_stream(self.client, message_id)
        questions = {
            self.client.complete("spark.ran"),
            self.client.inspect("spark"),
            self.client.is_complete("1 +"),
            self.client.history(n=1),
            self.client.comm_info(),
            self.client.kernel_info(),
        }
        answers = [self.client.get_shell_msg(timeout=4) for _ in questions]
        self.assertEqual({answer["parent_header"]["msg_id"] for answer in answers}, questions)
        self.assertEqual(reply_to(self.client, message_id)["content"]["status"], "ok")

    def test_silent_and_unstored_runs_do_not_count(self):
        before, _ = run(self.client, "1")
        _, published = run(self.client, "2", silent=True)
        self.assertEqual(of_type(published, "execute_result"), [])
        run(self.client, "3", store_history=False)
        after, _ = run(self.client, "4")
        self.assertEqual(
            after["content"]["execution_count"], before["content"]["execution_count"] + 1
        )

    def test_two_clients_see_each_other(self):
        other = kernels.connect(self.manager)
        try:
            message_id = self.client.execute('println("for both")')
            self.await_stream(other, message_id)
            reply_to(self.client, message_id)
            with self.assertRaises(queue.Empty):
                # Replies are for the one who has asked.
                other.get_shell_msg(timeout=0.5)
            _, published = run(other, 'println("from the other")')
            self.assertEqual(text_of(published), "from the other\n")
        finally:
            other.stop_channels()

    def test_client_that_does_not_read_hinders_nobody(self):
        # A cell may put out some megabytes; the rest would be cut off for everybody.
        lines = 60_000
        with self.deaf_client():
            for _ in range(5):
                reply, published = run(
                    self.client, f'for (i <- 1 to {lines}) println("x" * 90 + i)', timeout=120
                )
                self.assertEqual(reply["content"]["status"], "ok")
                printed = text_of(published).split()
                self.assertEqual(len(printed), lines)
                self.assertTrue(printed[-1].endswith(str(lines)))

    @contextlib.contextmanager
    def deaf_client(self):
        """Something that is connected, and never takes what it is sent."""
        if kernels.THROUGH_GATEWAY:
            server = urllib.parse.urlsplit(os.environ["JUPYTER_GATEWAY_URL"])
            address = f"ws://{server.netloc}/api/kernels/{self.manager.kernel_id}/channels"
            socket = websocket.create_connection(
                address, sockopt=[(socketlib.SOL_SOCKET, socketlib.SO_RCVBUF, 4096)]
            )
            try:
                yield
            finally:
                socket.shutdown()
        else:
            with zmq.Context() as context, context.socket(zmq.SUB) as socket:
                socket.setsockopt(zmq.RCVHWM, 1)
                socket.setsockopt(zmq.RCVBUF, 4096)
                socket.setsockopt(zmq.LINGER, 0)
                socket.subscribe("")
                ports = self.manager.get_connection_info()
                socket.connect(f"tcp://{ports['ip']}:{ports['iopub_port']}")
                # It is connected when it has been welcomed.
                self.assertTrue(socket.poll(10_000))
                yield


class RestartTest(unittest.TestCase):
    """Restart, which ends what the other tests share."""

    def test_restart_forgets_and_counts_from_one(self):
        manager, client = kernels.start()
        try:
            run(client, "val remembered = 1", timeout=SPARK_START)
            session = client.kernel_info(reply=True, timeout=10)["header"]["session"]
            manager.restart_kernel()
            client.wait_for_ready(timeout=60)
            self.assertNotEqual(
                client.kernel_info(reply=True, timeout=10)["header"]["session"], session
            )
            reply, _ = run(client, "remembered", timeout=SPARK_START)
            self.assertEqual(reply["content"]["status"], "error")
            self.assertEqual(reply["content"]["execution_count"], 1)
        finally:
            kernels.stop(manager, client)


if not kernels.THROUGH_GATEWAY:

    class WelcomeTest(jupyter_kernel_test.IopubWelcomeTests):
        """Only sockets have subscribers to be welcomed."""

        kernel_name = kernels.KERNEL
        support_iopub_welcome = True

    class RelayTest(unittest.TestCase):
        """The process that a kernelspec starts."""

        def test_relay_ends_when_it_is_told_to(self):
            manager, client = kernels.start()
            client.stop_channels()
            os.kill(manager.provisioner.pid, signal.SIGTERM)
            deadline = time.monotonic() + 15
            while manager.is_alive() and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertFalse(manager.is_alive())
            manager.cleanup_resources()

        def test_relay_is_gone_after_a_shutdown(self):
            manager, client = kernels.start()
            kernels.stop(manager, client)
            self.assertFalse(manager.is_alive())


if __name__ == "__main__":
    unittest.main(verbosity=2)
