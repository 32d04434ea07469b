"""What starting, running and stopping tells people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of starting or stopping, for people."""

    stage: str
    state: Literal["start", "done", "warn"]
    detail: str = ""


Reporter = Callable[[Progress], None]
Tell = Callable[[str, Literal["done", "warn"], str], None]
"""Tells people, and the log: a function's name or `runner`, how it is, one sentence."""


class StartError(Exception):
    """The system could not start; `fix` says what to do."""

    def __init__(self, what: str, fix: str = "learnflow doctor may tell more") -> None:
        super().__init__(what)
        self.fix = fix
