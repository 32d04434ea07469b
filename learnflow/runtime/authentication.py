"""Who is asking? A hook: open for now, a token check later, on every HTTP function alike."""

from collections.abc import Awaitable, Callable
from typing import Final

from learnflow.runtime.exchange import Exchange

Principal = str
Authenticate = Callable[[Exchange], Awaitable[Principal]]
"""Given a request, says who sent it, or raises Refused 401 or 403."""

ANONYMOUS: Final[Principal] = "anonymous"


async def open_to_all(_exchange: Exchange) -> Principal:
    """Local mode: everybody may call, and nobody is known."""
    return ANONYMOUS
