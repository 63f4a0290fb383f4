"""Statements and what came of them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, AsyncIterator, Dict, Iterator, List, Mapping, Optional

from polybius import _operations as operations
from polybius._errors import PolybiusError, StatementCancelled, StatementError
from polybius._events import Event, EventStream, Output
from polybius._steps import Operation
from polybius._tables import (
    best_form,
    empty_pandas,
    notebook_forms,
    read_arrow,
    read_pandas,
    sql_columns,
)

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from polybius._runners import AsyncRunner, BlockingRunner

_RESULT_SILENCE = 600.0


class StatementData:
    """A statement as the server told it last."""

    def __init__(self, path: str, told: Mapping[str, Any], retry_for: float) -> None:
        self._path = path
        self._told = dict(told)
        self._retry_for = retry_for
        self._outputs: Optional[List[Output]] = None

    @property
    def id(self) -> int:
        """Its number in its session."""
        return int(self._told["id"])

    @property
    def code(self) -> str:
        """What it runs."""
        return str(self._told["code"])

    @property
    def state(self) -> str:
        """``waiting``, ``running``, ``available`` (ended), ``cancelling`` or ``cancelled``."""
        return str(self._told["state"])

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self.state in operations.STATEMENT_ENDS

    @property
    def progress(self) -> float:
        """The share of its Spark tasks that are done, from 0.0 to 1.0."""
        return float(self._told.get("progress") or 0.0)

    @property
    def started(self) -> Optional[datetime]:
        """When it began to run."""
        return _time(self._told.get("started"))

    @property
    def completed(self) -> Optional[datetime]:
        """When it ended."""
        return _time(self._told.get("completed"))

    @property
    def output(self) -> Dict[str, Any]:
        """What the server has as its output, as in docs/rest-api.md; empty before its end."""
        return dict(self._told.get("output") or {})

    @property
    def data(self) -> Dict[str, Any]:
        """What it has shown, by its MIME type."""
        return dict(self.output.get("data") or {})

    @property
    def text(self) -> str:
        """What it has shown, if that is a text."""
        return str(self.data.get("text/plain", ""))

    @property
    def json(self) -> Any:
        """What it has shown as JSON (``%json``, SQL), or else nothing."""
        return self.data.get("application/json")

    def raise_for_error(self) -> None:
        """Raises what the statement has raised, if it has failed or was cancelled."""
        output = self.output
        if self.state == "cancelled":
            raise StatementCancelled(self)
        if output.get("status") == "error":
            raise StatementError(
                str(output.get("ename", "Error")),
                str(output.get("evalue", "")),
                [str(line) for line in output.get("traceback") or []],
                self,
            )

    def __repr__(self) -> str:
        return f"<polybius.{type(self).__name__} {self.id}: {self.output.get('status') or self.state}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Dict[str, Any]:
        """Shows itself in notebooks."""
        if not self.data and not self._outputs:
            return {"text/plain": "" if self.ended else repr(self)}
        forms = dict(notebook_forms(self.data))
        displays = [output.data for output in self._outputs or [] if output.data]
        if displays:
            # The last is the value; all that was printed is in what the server has kept.
            plain = forms.get("text/plain")
            forms = {**forms, **notebook_forms(displays[-1])}
            if plain is not None:
                forms["text/plain"] = plain
        return forms

    def _frame(self) -> Operation[pandas.DataFrame]:
        columns = sql_columns(self.data)
        if columns == []:
            return empty_pandas()
        form = best_form()
        content = yield from operations.result(self._path, form, _RESULT_SILENCE)
        return read_pandas(form, content, columns)

    def _events(self, timeout: Optional[float] = None) -> EventStream:
        return EventStream(self._path + "/events", self._retry_for, timeout)


class Statement(StatementData):
    """A statement of a session."""

    def __init__(
        self, runner: BlockingRunner, path: str, told: Mapping[str, Any], retry_for: float
    ) -> None:
        super().__init__(path, told, retry_for)
        self._runner = runner

    def wait(self, timeout: Optional[float] = None) -> Statement:
        """Waits for its end; raises ``WaitTimeout`` if that takes longer than ``timeout`` seconds."""
        if not self.ended:
            self._told = self._runner.run(
                operations.await_statement(self._path, timeout, self._retry_for)
            )
        return self

    def refresh(self) -> Statement:
        """Asks the server how it stands."""
        self._told = self._runner.run(operations.session_info(self._path))
        return self

    def cancel(self) -> None:
        """Stops it, if it has not ended."""
        self._runner.run(operations.post(self._path + "/cancel"))

    def events(self) -> Iterator[Event]:
        """Follows it until it has ended, beginning with what the server still knows."""
        events = self._events()
        try:
            while True:
                event = self._runner.run(events.next())
                if event is None:
                    return
                yield event
        finally:
            self._runner.run(events.close())

    def outputs(self) -> List[Output]:
        """Returns each text, value and display that it has put out, as far as the server knows."""
        if self._outputs is None or not self.ended:
            self.wait()
            self._outputs = self._runner.run(operations.outputs(self._path, self._retry_for))
        return list(self._outputs)

    def to_pandas(self) -> pandas.DataFrame:
        """Returns the whole table that it has shown, of any length, as a frame of pandas.

        Spark's types are kept where pyarrow is installed; else the frame is made of JSON.
        """
        self.wait().raise_for_error()
        return self._runner.run(self._frame())

    def to_arrow(self) -> pyarrow.Table:
        """Returns the whole table that it has shown as one of Arrow."""
        self.wait().raise_for_error()
        return read_arrow(
            self._runner.run(operations.result(self._path, "arrow", _RESULT_SILENCE))
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Dict[str, Any]:
        if self.ended:
            try:
                self.outputs()
            except PolybiusError:
                pass  # What is at hand has to do.
        return super()._repr_mimebundle_(include, exclude)


class AsyncStatement(StatementData):
    """A statement of a session, for asyncio."""

    def __init__(
        self, runner: AsyncRunner, path: str, told: Mapping[str, Any], retry_for: float
    ) -> None:
        super().__init__(path, told, retry_for)
        self._runner = runner

    async def wait(self, timeout: Optional[float] = None) -> AsyncStatement:
        """Waits for its end; raises ``WaitTimeout`` if that takes longer than ``timeout`` seconds."""
        if not self.ended:
            self._told = await self._runner.run(
                operations.await_statement(self._path, timeout, self._retry_for)
            )
        return self

    async def refresh(self) -> AsyncStatement:
        """Asks the server how it stands."""
        self._told = await self._runner.run(operations.session_info(self._path))
        return self

    async def cancel(self) -> None:
        """Stops it, if it has not ended."""
        await self._runner.run(operations.post(self._path + "/cancel"))

    async def events(self) -> AsyncIterator[Event]:
        """Follows it until it has ended, beginning with what the server still knows."""
        events = self._events()
        try:
            while True:
                event = await self._runner.run(events.next())
                if event is None:
                    return
                yield event
        finally:
            await self._runner.run(events.close())

    async def outputs(self) -> List[Output]:
        """Returns each text, value and display that it has put out, as far as the server knows.

        A notebook shows the statement with their forms once they have been asked for.
        """
        if self._outputs is None or not self.ended:
            await self.wait()
            self._outputs = await self._runner.run(
                operations.outputs(self._path, self._retry_for)
            )
        return list(self._outputs)

    async def to_pandas(self) -> pandas.DataFrame:
        """Returns the whole table that it has shown, of any length, as a frame of pandas.

        Spark's types are kept where pyarrow is installed; else the frame is made of JSON.
        """
        (await self.wait()).raise_for_error()
        return await self._runner.run(self._frame())

    async def to_arrow(self) -> pyarrow.Table:
        """Returns the whole table that it has shown as one of Arrow."""
        (await self.wait()).raise_for_error()
        return read_arrow(
            await self._runner.run(operations.result(self._path, "arrow", _RESULT_SILENCE))
        )


def _time(millis: Optional[int]) -> Optional[datetime]:
    return datetime.fromtimestamp(millis / 1000, timezone.utc) if millis else None
