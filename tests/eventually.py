"""Waiting in tests: for a fact with a deadline, never for a span of time."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    check: Callable[[], Coroutine[Any, Any, T | None]],
    seconds: float = 5.0,
    every: float = 0.02,
    message: str = "",
) -> T: ...


@overload
async def eventually(
    check: Callable[[], T | None], seconds: float = 5.0, every: float = 0.02, message: str = ""
) -> T: ...


async def eventually(
    check: Callable[[], Any],
    seconds: float = 5.0,
    every: float = 0.02,
    message: str = "",
) -> Any:
    """Call `check` until what it returns (or awaits to) is truthy, and return that.

    Raises AssertionError naming the last value when `seconds` have passed.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(_complaint(value, seconds, message))
        await asyncio.sleep(every)


def eventually_sync(
    check: Callable[[], T | None], seconds: float = 5.0, every: float = 0.02, message: str = ""
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
