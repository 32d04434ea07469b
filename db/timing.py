"""How long one call's SQL took: statements and seconds, counted where they are awaited."""

from contextvars import ContextVar
from typing import Final


class Spent:
    """What a call has spent in its database so far; the wait for a connection is not in it."""

    __slots__ = ("seconds", "statements")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.statements = 0

    def add(self, seconds: float) -> None:
        """One more statement was answered, or failed, after so many seconds."""
        self.seconds += seconds
        self.statements += 1


_SPENT: Final[ContextVar[Spent | None]] = ContextVar("spent", default=None)


def measured() -> Spent:
    """Begin to count for the call that runs in this task."""
    spent = Spent()
    _SPENT.set(spent)
    return spent


def current() -> Spent:
    """What counts for this call; nobody looks at it where no call is measured."""
    return _SPENT.get() or Spent()
