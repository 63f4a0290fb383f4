"""Lets the package comm, and so widgets, talk to the front ends of the session."""

import base64
import json
import sys
import traceback


class Bridge:
    """The way of comms' messages to the driver, and from it."""

    def __init__(self, driver):
        """Raises ImportError if there is no such package."""
        import comm
        from comm.base_comm import BaseComm, CommManager

        def say(**message):
            if not driver.is_child():
                driver.entry.comm(json.dumps(message, default=str))

        class SessionComm(BaseComm):
            def __init__(self, *arguments, **options):
                fill_outputs(driver)
                super().__init__(*arguments, **options)

            def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
                say(
                    type=msg_type,
                    id=self.comm_id,
                    target=self.target_name,
                    data=data or {},
                    metadata=metadata or {},
                    buffers=[base64.b64encode(bytes(each)).decode("ascii") for each in buffers or []],
                )

            def __del__(self):
                # A message in the midst of another call would break the connection to the driver.
                pass

        class SessionManager(CommManager):
            def register_target(self, target_name, f):
                super().register_target(target_name, f)
                say(type="target", target=target_name)

        self.manager = SessionManager()
        comm.create_comm = SessionComm
        comm.get_comm_manager = lambda: self.manager

    def handle(self, message):
        """Handles a message of a front end."""
        kind = message["type"]
        told = {
            "header": {"msg_type": kind},
            "parent_header": {},
            "metadata": json.loads(message["metadata"] or "{}"),
            "content": {
                "comm_id": message["id"],
                "target_name": message["target"],
                "data": json.loads(message["data"]),
            },
            "buffers": [memoryview(base64.b64decode(each)) for each in message.get("buffers", [])],
        }
        getattr(self.manager, kind)(None, None, told)


def fill_outputs(driver):
    """
    Has the widget Output take what is printed and shown inside of it. Elsewhere the front end sorts that out, by the
    request of a cell, which is not known here.
    """
    widget = getattr(sys.modules.get("ipywidgets.widgets.widget_output"), "Output", None)
    if widget is None or hasattr(widget, "polybius_captures"):
        return
    captures = widget.polybius_captures = driver.captures

    def enter(self):
        captures.append(Capture(self))

    def leave(self, kind, error, trace):
        if kind is None:
            driver.figures.show_all()
        captures.pop().end(kind, error, trace)
        # As in a notebook's own kernel, the widget shows the error.
        return kind is not None and issubclass(kind, Exception)

    widget.__enter__ = enter
    widget.__exit__ = leave


class Capture:
    """What is printed and shown between the begin and the end of a widget's turn."""

    def __init__(self, widget):
        self.widget = widget
        self.clears = False
        self.streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")

    def end(self, kind, error, trace):
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = self.streams
        if kind is not None:
            lines = "".join(traceback.format_exception(kind, error, trace)).splitlines()
            self.add({"output_type": "error", "ename": kind.__name__, "evalue": str(error), "traceback": lines})

    def show(self, data):
        forms = {
            mime_type: base64.b64encode(form).decode("ascii") if isinstance(form, bytes) else form
            for mime_type, form in data.items()
        }
        self.add({"output_type": "display_data", "data": forms, "metadata": {}})

    def clear(self, wait):
        self.clears = wait
        if not wait:
            self.widget.outputs = ()

    def add(self, output):
        before = () if self.clears else self.widget.outputs
        self.clears = False
        if output["output_type"] == "stream" and before and before[-1].get("name") == output["name"]:
            output = {**output, "text": before[-1]["text"] + output["text"]}
            before = before[:-1]
        self.widget.outputs = (*before, output)


class Stream:
    """A standard stream inside of a widget."""

    encoding = "utf-8"

    def __init__(self, capture, name):
        self.capture = capture
        self.name = name
        self.text = ""

    def write(self, text):
        self.text += text
        if "\n" in text:
            self.flush()
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        text, self.text = self.text, ""
        if text:
            self.capture.add({"output_type": "stream", "name": self.name, "text": text})

    def isatty(self):
        return False
