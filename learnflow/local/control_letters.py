"""The control API's dead letters: listing, replaying and discarding them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from aiohttp import web

from learnflow.local.asking import Handler, Refused, flag, json_of, limit_of, stream_lines
from learnflow.local.dispatch import CannotReplay, Dispatcher
from learnflow.local.eventlog import EventLog
from learnflow.local.letters import Letters
from learnflow.local.records import Record
from learnflow.local.replaying import Tally, new_replay_id, ticking
from learnflow.local.selection import Selection
from learnflow.manifests import System

_REPLAY_SECONDS: Final = 10.0
_AT_ONCE: Final = 20
_SHOWN: Final = 50
_MOST_REASON: Final = 500


class LetterRoutes:
    """What the command line asks about dead letters."""

    def __init__(self, system: System, log: EventLog, dispatcher: Dispatcher) -> None:
        self._letters = Letters(log, dispatcher, system)

    def routes(self) -> dict[str, Handler]:
        """Handlers by method and path, in the order in which they are tried."""
        return {
            "GET /control/dead-letters": self._list,
            "POST /control/dead-letters/replay": self._replay_many,
            "POST /control/dead-letters/discard": self._discard,
            "GET /control/dead-letters/{place}": self._show,
            "POST /control/dead-letters/{place}/replay": self._replay_one,
        }

    async def _list(self, request: web.Request) -> web.Response:
        names = ("event", "type", "key", "source", "function")
        chosen = Selection.read({name: request.query.get(name) for name in names})
        found = await self._letters.newest(
            limit_of(request), chosen, settled=flag(request, "settled")
        )
        return web.json_response({"dead_letters": found})

    async def _show(self, request: web.Request) -> web.Response:
        letter = await self._letter(request.match_info["place"])
        return web.json_response(self._letters.whole(letter))

    async def _replay_one(self, request: web.Request) -> web.Response:
        letter = await self._letter(request.match_info["place"])
        replay = asyncio.ensure_future(self._letters.replay(letter))
        done, _ = await asyncio.wait([replay], timeout=_REPLAY_SECONDS)
        if not done:
            return web.json_response({"state": "under way"}, status=202)
        return web.json_response(replay.result().document())

    async def _replay_many(self, request: web.Request) -> web.StreamResponse:
        wish = await json_of(request)
        letters = await self._chosen(wish)
        if wish.get("dry_run"):
            first = [self._letters.summary(letter) for letter in letters[:_SHOWN]]
            return web.json_response({"deliveries": len(letters), "first": first})
        return await stream_lines(request, self._replayed(letters))

    async def _replayed(self, letters: Sequence[Record]) -> AsyncGenerator[dict[str, Any], None]:
        tally = Tally(new_replay_id(), len(letters))
        unreplayable: list[str] = []
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(letter: Record) -> None:
            async with places:
                try:
                    tally.ended(await self._letters.replay_as(letter, tally.replay))
                except CannotReplay as why:
                    unreplayable.append(f"{letter.partition}:{letter.offset}: {why}")

        async def everything() -> None:
            await asyncio.gather(*map(one, letters))

        async for _ in ticking(everything):
            yield {**tally.document(), "unreplayable": unreplayable}

    async def _discard(self, request: web.Request) -> web.Response:
        wish = await json_of(request)
        reason = wish.get("reason")
        if not isinstance(reason, str) or not 0 < len(reason.strip()) <= _MOST_REASON:
            raise Refused(422, f"a reason of 1 to {_MOST_REASON} characters is needed")
        if not reason.isprintable():
            raise Refused(422, "a reason is one line of printable text")
        letters = await self._chosen(wish)
        if wish.get("dry_run"):
            return web.json_response({"letters": len(letters)})
        done = await self._letters.settle(letters, "discarded", reason.strip())
        return web.json_response({"discarded": done, "settled_before": len(letters) - done})

    async def _chosen(self, wish: dict[str, Any]) -> list[Record]:
        """The letters at `places`, or `all` of a selection that nobody has decided about."""
        places = wish.get("places")
        if isinstance(places, list) and places:
            return [await self._letter(str(place)) for place in dict.fromkeys(places)]
        chosen = Selection.read(wish)
        if chosen == Selection() and wish.get("all") is not True:
            raise Refused(422, "choose letters: places, a filter, or all")
        return await self._letters.waiting(chosen)

    async def _letter(self, place: str) -> Record:
        letter = await self._letters.find(place)
        if letter is None:
            raise Refused(404, f"there is no dead letter at {place[:40]}")
        return letter
