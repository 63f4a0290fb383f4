"""Runs a cell that prints lines, under which the server is restarted, and shuts the kernel down: restart.py CODE.

Prints what the cell prints as it comes, then how the cell ended. The kernel is one of a kernelspec, or of a Jupyter
Server that uses the gateway that JUPYTER_GATEWAY_URL names.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

import kernels

PATIENCE = 120


def show(message_type, content):
    if message_type == "stream":
        print(content["text"], end="", flush=True)
    elif message_type in ("error", "execute_reply"):
        print(message_type, content.get("status", ""), content.get("evalue", ""), flush=True)


def by_kernelspec(code):
    kernel, client = kernels.start()
    try:
        message_id = client.execute(code)
        published = kernels.published_by(
            client, message_id, PATIENCE, until=lambda message: show(message["msg_type"], message["content"])
        )
        assert published[-1]["content"]["execution_state"] == "idle"
        show("execute_reply", kernels.reply_to(client, message_id, PATIENCE)["content"])
        assert kernels.text_of(kernels.run(client, "println(6 * 7)")[1]) == "42\n"
    finally:
        kernels.stop(kernel, client)


def through_jupyter_server(code):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as root:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_server",
                "--no-browser",
                "--allow-root",
                "--ip=127.0.0.1",
                f"--port={port}",
                "--IdentityProvider.token=",
                "--ServerApp.disable_check_xsrf=True",
                f"--ServerApp.root_dir={root}",
            ],
            stdout=sys.stderr,
        )
        try:
            await_server(server)
            kernel = call("POST", f"{server}/api/kernels", {"name": kernels.KERNEL})["id"]
            asyncio.run(use(f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels", code))
            call("DELETE", f"{server}/api/kernels/{kernel}")
        finally:
            process.terminate()
            process.wait(30)


def await_server(server):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return call("GET", f"{server}/api")
        except OSError:
            assert time.monotonic() < end, "the Jupyter Server did not start"
            time.sleep(0.2)


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=60) as answer:
        return json.loads(answer.read() or "null")


async def use(url, code):
    from tornado.websocket import websocket_connect

    channels = await websocket_connect(f"{url}?session_id=restart")
    try:
        for text in (code, "println(6 * 7)"):
            await run(channels, text)
    finally:
        channels.close()


async def run(channels, code):
    message_id = uuid.uuid4().hex
    header = {"msg_id": message_id, "msg_type": "execute_request", "session": "restart", "username": "", "version": "5.4"}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    request = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
    await channels.write_message(json.dumps(request))
    replied = idle = False
    while not (replied and idle):
        frame = await asyncio.wait_for(channels.read_message(), PATIENCE)
        assert frame is not None, "the Jupyter Server has closed the connection"
        message = json.loads(frame)
        if message["parent_header"].get("msg_id") != message_id:
            continue
        show(message["msg_type"], message["content"])
        replied |= message["msg_type"] == "execute_reply"
        idle |= message["content"].get("execution_state") == "idle"


(through_jupyter_server if kernels.THROUGH_GATEWAY else by_kernelspec)(sys.argv[1])
print("done", flush=True)
