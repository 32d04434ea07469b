"""One address for all functions of a cluster, as the embedded gateway is one: paths to hosts."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from learnflow.manifests import Function

ANSWER_SECONDS: Final = 70.0
"""A function's own 60 s and a cold start."""
_HOP: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host"}
)


class Paths:
    """Which function answers a request, by the manifests' routes."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        routes = [(route, name) for name, each in functions.items() for route in each.routes]
        # a fixed segment goes before a variable one
        routes.sort(key=lambda each: each[0].path.count("{"))
        self._routes = [(each.method, _pattern(each.path), name) for each, name in routes]

    def function(self, method: str, path: str) -> str | None:
        """The function's name; None where none answers there."""
        for wanted, pattern, name in self._routes:
            if wanted == method and pattern.fullmatch(path):
                return name
        return None


def _pattern(path: str) -> re.Pattern[str]:
    fixed = re.split(r"\{[^}]+\}", path)
    return re.compile("[^/]+".join(map(re.escape, fixed)))


@asynccontextmanager
async def gateway(paths: Paths, urls: Mapping[str, str], ingress: str) -> AsyncIterator[str]:
    """Serve on a free port of 127.0.0.1; its address. `urls` are the functions' own."""
    async with ClientSession(timeout=ClientTimeout(total=ANSWER_SECONDS)) as session:

        async def handle(request: web.Request) -> web.Response:
            name = paths.function(request.method, request.path)
            if name is None or name not in urls:
                return web.json_response({"title": "No function answers here."}, status=404)
            headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
            headers["host"] = urlsplit(urls[name]).netloc
            try:
                async with session.request(
                    request.method,
                    f"{ingress}{request.path_qs}",
                    data=await request.read(),
                    headers=headers,
                ) as answer:
                    kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
                    return web.Response(
                        status=answer.status, body=await answer.read(), headers=kept
                    )
            except (ClientError, TimeoutError) as error:
                problem = {"title": "The ingress does not answer.", "detail": str(error)}
                return web.json_response(problem, status=503)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
