"""Kernels to talk to: by the kernelspec on this machine, or through the gateway that JUPYTER_GATEWAY_URL names."""

import inspect
import os
import time
import unittest

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from jupyter_core.utils import run_sync

KERNEL = "polybius-scala"
THROUGH_GATEWAY = "JUPYTER_GATEWAY_URL" in os.environ
SPARK_START = 180


class Blocking:
    """An object of jupyter_server, whose methods are coroutines, for tests that wait for each answer."""

    def __init__(self, wrapped):
        self._wrapped = wrapped

    def __getattr__(self, name):
        value = getattr(self._wrapped, name)
        if not callable(value):
            return value

        async def call(*arguments, **options):
            result = value(*arguments, **options)
            return await result if inspect.isawaitable(result) else result

        return run_sync(call)


class BlockingGatewayManager(Blocking):
    """A kernel behind a gateway, as jupyter_server manages it."""

    def __init__(self):
        from jupyter_server.gateway.managers import GatewayKernelManager

        super().__init__(GatewayKernelManager())

    def client(self):
        return Blocking(self._wrapped.client())


def manager(name=KERNEL):
    """Returns the manager of a kernel that is yet to be started."""
    return BlockingGatewayManager() if THROUGH_GATEWAY else KernelManager(kernel_name=name)


def connect(kernel):
    """Returns another client of a kernel that was started."""
    if THROUGH_GATEWAY:
        return ready(kernel.client())
    # A session of its own, as another program has: its name is the address of replies.
    client = BlockingKernelClient(connection_file=kernel.connection_file)
    client.load_connection_file()
    return ready(client)


def start(name=KERNEL, **options):
    """Starts a kernel and returns its manager and a client that it has answered."""
    kernel = manager(name)
    if THROUGH_GATEWAY:
        options["kernel_name"] = name
    kernel.start_kernel(**options)
    try:
        return kernel, ready(kernel.client())
    except BaseException:
        kernel.shutdown_kernel(now=True)
        raise


def ready(client):
    client.start_channels()
    client.wait_for_ready(timeout=60)
    return client


def stop(kernel, client):
    client.stop_channels()
    kernel.shutdown_kernel()


def run(client, code, timeout=60, **options):
    """Executes code and returns the reply and the iopub messages up to idle."""
    message_id = client.execute(code, **options)
    return reply_to(client, message_id, timeout), published_by(client, message_id, timeout)


def await_completion(client, timeout=120):
    """Asks for completions until some come: a kernel has none to offer before its compiler is warm."""
    end = time.monotonic() + timeout
    while not client.complete("spark.", reply=True, timeout=30)["content"]["matches"]:
        assert time.monotonic() < end, "nothing is completed"
        time.sleep(0.5)


def reply_to(client, message_id, timeout=60):
    """Waits for the reply to a request on shell."""
    end = time.monotonic() + timeout
    while True:
        reply = client.get_shell_msg(timeout=max(0.0, end - time.monotonic()))
        if reply["parent_header"].get("msg_id") == message_id:
            return reply


def published_by(client, message_id, timeout=60, until=None):
    """Returns what a request makes its kernel publish, up to idle or the message that `until` accepts."""
    published = []
    end = time.monotonic() + timeout
    while True:
        message = client.get_iopub_msg(timeout=max(0.0, end - time.monotonic()))
        if message["parent_header"].get("msg_id") != message_id:
            continue
        published.append(message)
        if until is not None and until(message):
            return published
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return published


def of_type(messages, kind):
    return [message["content"] for message in messages if message["msg_type"] == kind]


def text_of(messages, name="stdout"):
    """Returns what was printed."""
    return "".join(
        content["text"] for content in of_type(messages, "stream") if content["name"] == name
    )


class SessionTest(unittest.TestCase):
    """Tests of one kernel, whose session has run a statement before the first of them."""

    kernel = KERNEL
    first_statement = "1"

    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = start(cls.kernel)
        # Spark starts behind the kernel.
        run(cls.client, cls.first_statement, timeout=SPARK_START)

    @classmethod
    def tearDownClass(cls):
        stop(cls.manager, cls.client)

    def result(self, code):
        """Returns the forms of the value of a cell that ends well."""
        reply, published = run(self.client, code)
        self.assertEqual(reply["content"]["status"], "ok", reply["content"])
        return of_type(published, "execute_result")[0]["data"]
