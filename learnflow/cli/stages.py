"""Showing what starts and ends, while it does: a spinner on a terminal, plain lines in a pipe."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from learnflow.cli.output import console

if TYPE_CHECKING:
    from rich.status import Status

PIPE_SECONDS: Final = 2.0
"""In a pipe, a step's changing detail is printed at most this often."""


class Step(Protocol):
    """One report of the runner (`learnflow.local.runner.Progress`)."""

    @property
    def stage(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def detail(self) -> str: ...


class Stages:
    """Hears reports and shows them; as a context manager it clears the spinner at the end."""

    def __init__(self, stderr: bool = False) -> None:
        self.console = console(stderr)
        self._status: Status | None = None
        self._printed = 0.0
        utf = (self.console.encoding or "").lower().startswith("utf")
        self._marks = {"done": "✓" if utf else "ok", "warn": "!"}
        self._spinner = "dots" if utf else "line"

    def __call__(self, step: Step) -> None:
        """A step of the runner began, ended or needs attention."""
        if step.state == "start":
            self.now(step.stage)
        else:
            self.line(step.state, step.stage, step.detail)

    def now(self, text: str) -> None:
        """Show what is under way; the next text replaces it."""
        if self.console.is_terminal:
            if self._status is None:
                self._status = self.console.status(text, spinner=self._spinner)
                self._status.start()
            self._status.update(text)
        elif time.monotonic() - self._printed >= PIPE_SECONDS:
            self._printed = time.monotonic()
            self.console.print(f"  {text}")

    def line(self, state: str, stage: str, detail: str) -> None:
        """A line that stays."""
        from rich.text import Text

        colour = "green" if state == "done" else "yellow"
        text = Text(f"{self._marks.get(state, '-'):<2} ", style=colour)
        text.append(f"{stage:<14} ", style="default").append(detail, style="default")
        self._printed = time.monotonic()
        self.console.print(text, soft_wrap=True)

    def clear(self) -> None:
        """Take the spinner away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def __enter__(self) -> Self:
        """Nothing is shown yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave a clean terminal."""
        self.clear()
