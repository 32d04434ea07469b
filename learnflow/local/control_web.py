"""The control API's part for the system page: the flow, a burst of students, all to zero."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from learnflow.local.asking import Handler, Refused, json_of
from learnflow.local.burst import Bursts
from learnflow.local.flow import flow
from learnflow.local.pool import Pool
from learnflow.manifests import System


class WebRoutes:
    """What the system page can do that the command line has no word for."""

    def __init__(
        self, system: System, pool: Pool, urls: Callable[[], Mapping[str, Any]], root: Path | None
    ) -> None:
        """`root` is where the code lies; without it nothing is known of the flow."""
        self._system = system
        self._pool = pool
        self._bursts = Bursts(lambda: str(urls()["gateway"]))
        self._root = root

    def routes(self) -> dict[str, Handler]:
        """Handlers by method and path."""
        return {
            "GET /control/flow": self._flow,
            "POST /control/burst": self._burst,
            "POST /control/zero": self._zero,
        }

    async def _flow(self, _: web.Request) -> web.Response:
        if self._root is None:
            raise Refused(409, "this runner does not know where its code lies")
        return web.json_response(await asyncio.to_thread(flow, self._root, self._system))

    async def _burst(self, request: web.Request) -> web.Response:
        wish = await json_of(request)
        return web.json_response(await self._bursts.run(wish.get("count")))

    async def _zero(self, request: web.Request) -> web.Response:
        await json_of(request)
        return web.json_response({"ending": self._pool.to_zero()})
