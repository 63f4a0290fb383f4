"""Shows what the user's code draws with matplotlib, which has polybius_matplotlib as its backend."""

import io
import sys


class Figures:
    """Figures become pictures when the code asks for it, or else at the end of their statement."""

    def __init__(self, driver):
        self.driver = driver
        self.latest = None

    def show_all(self):
        """Shows what was drawn and not shown yet."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if not hasattr(pyplot, "close"):
            # It is not imported, or not wholly.
            return
        try:
            for number in pyplot.get_fignums():
                self.put(pyplot.figure(number))
        finally:
            # One that cannot be drawn would be tried again with each statement.
            pyplot.close("all")

    def show(self, value):
        """Shows the figure that a value is, or has as its current one."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if value is pyplot and pyplot is not None and not pyplot.get_fignums() and self.latest is not None:
            # It was shown at the end of its statement already.
            figure = self.latest
        else:
            figure = value.gcf() if hasattr(value, "gcf") else value
        if not hasattr(figure, "savefig"):
            raise TypeError(f"a value of the class {type(value).__name__} has no figure")
        self.put(figure)
        if pyplot is not None:
            pyplot.close(figure)

    def put(self, figure):
        self.latest = figure
        picture = io.BytesIO()
        figure.savefig(picture, format="png", bbox_inches="tight")
        self.driver.display({"image/png": picture.getvalue(), "text/plain": repr(figure)}, "", False)
