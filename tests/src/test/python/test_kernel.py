"""Runs the installed kernelspec through Jupyter's own kernel tests, and through what they leave out."""

import os
import signal
import time
import unittest

import jupyter_kernel_test
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

KERNEL = "polybius-scala"
SPARK_START = 180


def run(client, code, timeout=60, **options):
    """Executes code and returns the reply and the iopub messages up to idle."""
    message_id = client.execute(code, **options)
    published = []
    while True:
        message = client.get_iopub_msg(timeout=timeout)
        if message["parent_header"].get("msg_id") != message_id:
            continue
        published.append(message)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    while True:
        reply = client.get_shell_msg(timeout=timeout)
        if reply["parent_header"].get("msg_id") == message_id:
            return reply, published


def of_type(messages, kind):
    return [message["content"] for message in messages if message["msg_type"] == kind]


class JupyterKernelTest(jupyter_kernel_test.KernelTests):
    kernel_name = KERNEL
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

    # The kernel answers these requests, but with nothing to show.
    test_clear_output = test_completion = test_inspect = test_pager = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run(cls.kc, "1", timeout=SPARK_START)


class WelcomeTest(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = KERNEL
    support_iopub_welcome = True


class KernelLifeTest(unittest.TestCase):
    """Messages and moments that jupyter_kernel_test does not cover."""

    @classmethod
    def setUpClass(cls):
        begin = time.monotonic()
        cls.manager, cls.client = start_new_kernel(kernel_name=KERNEL)
        cls.ready_seconds = time.monotonic() - begin
        run(cls.client, "1", timeout=SPARK_START)

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel()

    def test_kernel_answers_before_spark_is_up(self):
        # Waiting for a Spark would take several seconds more.
        self.assertLess(self.ready_seconds, 60)
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

    def test_output_streams_while_code_runs(self):
        message_id = self.client.execute('println("early"); Thread.sleep(2000); println("late")')
        times = {}
        while "late" not in times:
            message = self.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "stream":
                for word in message["content"]["text"].split():
                    times[word] = time.monotonic()
        self.assertGreater(times["late"] - times["early"], 1.0)
        self.client.get_shell_msg(timeout=30)

    def test_ten_thousand_lines_arrive(self):
        _, published = run(self.client, "for (i <- 1 to 10000) println(i)")
        text = "".join(content["text"] for content in of_type(published, "stream"))
        self.assertEqual(text.split(), [str(i) for i in range(1, 10001)])

    def test_interrupt_ends_an_endless_loop(self):
        message_id = self.client.execute('println("looping"); while (true) {}')
        while True:
            message = self.client.get_iopub_msg(timeout=30)
            if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "stream":
                break
        self.manager.interrupt_kernel()
        reply = self.client.get_shell_msg(timeout=30)
        self.assertEqual(reply["content"]["status"], "error")
        self.assertIn("Interrupt", reply["content"]["ename"])
        reply, published = run(self.client, "40 + 2")
        self.assertEqual(of_type(published, "execute_result")[0]["data"]["text/plain"], "42")

    def test_error_aborts_what_was_queued(self):
        first = self.client.execute('Thread.sleep(500); sys.error("first")')
        second = self.client.execute('println("never")')
        replies = {}
        while len(replies) < 2:
            reply = self.client.get_shell_msg(timeout=30)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        self.assertEqual(replies, {first: "error", second: "aborted"})

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
        # A session of its own, as another program has: its name is the address of replies.
        other = BlockingKernelClient(connection_file=self.manager.connection_file)
        other.load_connection_file()
        other.start_channels()
        try:
            other.wait_for_ready(timeout=30)
            message_id = self.client.execute('println("for both")')
            while True:
                message = other.get_iopub_msg(timeout=30)
                if (
                    message["msg_type"] == "stream"
                    and message["parent_header"].get("msg_id") == message_id
                ):
                    break
            self.client.get_shell_msg(timeout=30)
        finally:
            other.stop_channels()


class RestartTest(unittest.TestCase):
    """Restart and shutdown, which end what the other tests share."""

    def test_restart_forgets_and_counts_from_one(self):
        manager, client = start_new_kernel(kernel_name=KERNEL)
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
            client.stop_channels()
            manager.shutdown_kernel()
        self.assertFalse(manager.is_alive())

    def test_relay_ends_when_its_parent_says_so(self):
        manager = KernelManager(kernel_name=KERNEL)
        manager.start_kernel()
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.stop_channels()
        pid = manager.provisioner.pid
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 15
        while manager.is_alive() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertFalse(manager.is_alive())
        manager.cleanup_resources()


if __name__ == "__main__":
    unittest.main(verbosity=2)
