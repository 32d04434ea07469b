"""Reading what the control API is asked, and refusing what it cannot be asked."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

from aiohttp import web

from learnflow.local import sending
from learnflow.local.dispatch import CannotReplay
from learnflow.local.forwarding import problem
from learnflow.local.records import LogUnavailable
from learnflow.local.selection import Unselectable
from learnflow.local.tracing_store import DatabasesAway

_MAX_LIMIT: Final = 500
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """It is not answered; `status` and the message say why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@web.middleware
async def faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say as a problem document what kept a handler from answering."""
    try:
        return await handler(request)
    except (LogUnavailable, DatabasesAway) as why:
        return problem(503, "Service Unavailable", str(why), {"Retry-After": "1"})
    except Refused as why:
        return problem(why.status, "Refused", str(why))
    except sending.NotSendable as why:
        return problem(422, "Not an event", str(why), errors=why.errors)
    except Unselectable as why:
        return problem(422, "Nothing to choose", str(why))
    except CannotReplay as why:
        return problem(409, "Cannot be replayed", str(why))


async def json_of(request: web.Request) -> dict[str, Any]:
    """The body, a JSON object. Raises Refused."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body is not a JSON object")
    return body


def limit_of(request: web.Request) -> int:
    """How many are wanted, 50 if it is not said, 500 at most."""
    return max(1, min(number(request.query.get("limit")) or 50, _MAX_LIMIT))


def number(text: str | None) -> int | None:
    """A number that a database holds, None for anything else."""
    return int(text) if text and text.isdigit() and len(text) < 19 else None


def flag(request: web.Request, name: str) -> bool:
    """Whether a query parameter is set."""
    return request.query.get(name) in ("1", "true")


async def stream_lines(
    request: web.Request, documents: AsyncGenerator[dict[str, Any], None]
) -> web.StreamResponse:
    """JSON lines as they come; the client's leaving ends them."""
    response = web.StreamResponse(headers={"content-type": "application/jsonl"})
    await response.prepare(request)
    async with aclosing(documents):
        async for document in documents:
            await response.write(json.dumps(document).encode() + b"\n")
    await response.write_eof()
    return response
