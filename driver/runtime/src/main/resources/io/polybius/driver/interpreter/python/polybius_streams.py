"""The streams of Python, which the user's code may replace, close and lose."""

import io
import os
import sys
import threading

DESCRIPTORS = {"stdin": 0, "stdout": 1, "stderr": 2}

# What takes the text that a thread prints which belongs to no statement.
ELSEWHERE = threading.local()


def print_elsewhere(take):
    """Lets something else than the standard streams take what the calling thread prints, to its end."""
    ELSEWHERE.take = take


class Output(io.TextIOWrapper):
    """A standard stream, but for threads that print elsewhere."""

    def write(self, text):
        take = getattr(ELSEWHERE, "take", None)
        if take is None:
            return super().write(text)
        take(text)
        return len(text)


class Streams:
    """Those that the process has begun with, and what they write to."""

    def __init__(self):
        for name in ("stdout", "stderr"):
            getattr(sys, name).flush()
            setattr(sys, name, opened(DESCRIPTORS[name]))
            setattr(sys, f"__{name}__", getattr(sys, name))
        self.own = {name: getattr(sys, name) for name in DESCRIPTORS}
        self.outputs = [os.dup(DESCRIPTORS[name]) for name in ("stdout", "stderr")]

    def flush(self):
        """Writes what was printed; objects of the user may fail in that as they like."""
        for name in ("stdout", "stderr"):
            for stream in (self.own[name], getattr(sys, name, None)):
                try:
                    stream.flush()
                except Exception:
                    continue

    def write(self, text):
        """Writes to both outputs themselves, whatever stands in their place."""
        for output in self.outputs:
            os.write(output, text)

    def put_back(self):
        """Replaces what is closed or gone, so that code can print; what else the user has set stays."""
        for name, descriptor in DESCRIPTORS.items():
            if not is_open(self.own[name]):
                self.own[name] = opened(descriptor)
                setattr(sys, f"__{name}__", self.own[name])
            if not is_open(getattr(sys, name, None)):
                setattr(sys, name, self.own[name])


def is_open(stream):
    try:
        return stream is not None and not getattr(stream, "closed", False)
    except Exception:
        # It has lost what it wrote to.
        return False


def opened(descriptor):
    if descriptor == 0:
        return open(descriptor, closefd=False)
    binary = open(descriptor, "wb", closefd=False)
    return Output(binary, encoding="utf-8", errors="backslashreplace", line_buffering=True)
