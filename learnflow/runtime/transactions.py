"""How is one call kept to one transaction? Opened here, committed here, run again on a clash."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from db.connection import Conflict, Unavailable
from db.unit_of_work import Database, Unit

T = TypeVar("T")
ATTEMPTS: Final = 4
"""The first try and three more."""
_PAUSE: Final = 0.005


async def committed(
    database: Database, traceparent: str, work: Callable[[Unit], Awaitable[T]]
) -> T:
    """What `work` returns, once its unit is committed. A clash gets a fresh unit.

    Raises Unavailable when the database is away, unsure, or clashed on every attempt.
    """
    for attempt in range(ATTEMPTS):
        try:
            async with database.unit(traceparent) as unit:
                result = await work(unit)
                await unit.commit()
                return result
        except Conflict:
            await asyncio.sleep(random.uniform(0.2, 1) * _PAUSE * 2**attempt)
    raise Unavailable("transactions kept clashing")


async def looked(database: Database, traceparent: str, work: Callable[[Unit], Awaitable[T]]) -> T:
    """What `work` reads; its unit is never committed."""
    async with database.unit(traceparent) as unit:
        return await work(unit)
