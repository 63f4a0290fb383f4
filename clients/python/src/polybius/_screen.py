"""Shows what a statement puts out, as if it ran here."""

from __future__ import annotations

import sys
from typing import Any, Mapping

from polybius._events import Output
from polybius._tables import notebook_forms


class Screen:
    """Prints texts as they come, and lets a notebook show values and displays."""

    def __init__(self) -> None:
        self._echo = ""

    def __call__(self, output: Output) -> None:
        if output.stream is not None:
            target = sys.stderr if output.stream == "stderr" else sys.stdout
            target.write(output.text)
            target.flush()
            self._echo = output.text if output.stream == "echo" else ""
            return
        plain = output.data.get("text/plain")
        if set(output.data) == {"text/plain"} and str(plain).strip() in self._echo:
            # The prompt has said it.
            return
        self._display(notebook_forms(output.data))

    @staticmethod
    def _display(forms: Mapping[str, Any]) -> None:
        if _in_notebook():
            from IPython.display import display

            display(dict(forms), raw=True)
        elif "text/plain" in forms:
            sys.stdout.write(f"{forms['text/plain']}\n")
            sys.stdout.flush()


def _in_notebook() -> bool:
    # Who has not imported IPython does not run in it.
    shells = sys.modules.get("IPython")
    return shells is not None and shells.get_ipython() is not None
