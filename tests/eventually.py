"""Waiting in tests: for a fact with a deadline, never for a span of time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")


async def eventually(
    check: Callable[[], T | Awaitable[T]],
    seconds: float = 5.0,
    every: float = 0.02,
    message: str = "",
) -> T:
    """Call `check` until what it returns (or awaits to) is truthy, and return that.

    Raises AssertionError naming the last value when `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        value = await cast(Awaitable[T], found) if inspect.isawaitable(found) else found
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(_complaint(value, seconds, message))
        await asyncio.sleep(every)


def eventually_sync(
    check: Callable[[], T], seconds: float = 5.0, every: float = 0.02, message: str = ""
) -> T:
    """The same without an event loop."""
    deadline = time.monotonic() + seconds
    while not (value := check()):
        if time.monotonic() >= deadline:
            raise AssertionError(_complaint(value, seconds, message))
        time.sleep(every)
    return value


def _complaint(value: object, seconds: float, message: str) -> str:
    return f"{message or 'it never came true'} (last value {value!r} after {seconds:g} s)"
