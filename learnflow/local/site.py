"""What is at the gateway beside the functions: the web app, what it asks, and pages about both."""

import html
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import hdrs, web

from learnflow.local import file_answers, openapi_page
from learnflow.local.forwarding import Streaming, problem
from learnflow.local.routes import Entry, Routes, Target
from learnflow.local.same_origin import refusal
from learnflow.local.static_files import StaticFiles
from learnflow.local.system_api import CAN, PREFIX, SystemApi
from learnflow.manifests import Function

_CONFIG: Final = "/config.json"
_NOT_FOUND: Final = "/404.html"
_LOOKS: Final = (hdrs.METH_GET, hdrs.METH_HEAD)
MISSING: Final = "The web app is not built yet: run `learnflow web build`, then reload this page."


class Site:
    """Answers where no function does; without `files` or `system` there are none."""

    def __init__(
        self,
        routes: Routes,
        functions: Sequence[Function],
        files: Path | None = None,
        system: SystemApi | None = None,
    ) -> None:
        self._routes = routes
        self._functions = functions
        self._files = None if files is None else StaticFiles(files)
        self._system = system

    async def close(self) -> None:
        """Ask nothing any more."""
        if self._system is not None:
            await self._system.close()

    async def answer(
        self, request: web.BaseRequest, target: str, routes: Routes, streaming: Streaming
    ) -> web.StreamResponse | None:
        """What is at this path; None: nothing. A port of one service has only what is about it."""
        path = target.partition("?")[0]
        looks = request.method in _LOOKS
        if path == "/healthz":
            return web.json_response({"status": "ok"})
        if path == openapi_page.PATH:
            return openapi_page.answer(request.method)
        alone = routes is not self._routes
        if path == "/" and looks and (alone or self._files is None or not _wants_html(request)):
            return _index(request, routes, None)
        if alone:
            return None
        if self._system is not None and (path == PREFIX or path.startswith(f"{PREFIX}/")):
            return await self._system.answer(request, target, streaming)
        if path == _CONFIG and looks:
            return self._config(request)
        return await self._page(request, target) if self._files is not None else None

    async def _page(self, request: web.BaseRequest, target: str) -> web.StreamResponse | None:
        """A file of the web app, or for people its own word for what is missing."""
        assert self._files is not None
        path, mark, query = target.partition("?")
        path = unquote(path)
        found = await self._files.find(path)
        if found is not None:
            return file_answers.answer(request, found, by_accept=path == "/")
        if request.method not in _LOOKS or not _wants_html(request):
            return None
        if await self._files.find(f"{path}/") is not None:
            headers = {hdrs.LOCATION: f"{target.partition('?')[0]}/{mark}{query}"}
            return web.Response(status=307, headers=headers)
        if not await self._files.built():
            return _index(request, self._routes, MISSING, 200 if path == "/" else 404)
        missing = await self._files.find(_NOT_FOUND)
        if missing is None:
            return None
        return file_answers.answer(request, missing, status=404, by_accept=True)

    def _config(self, request: web.BaseRequest) -> web.Response:
        """What the web app has to know of where it is served from."""
        config: dict[str, Any] = {
            "functions": {one.target: "" for one in self._functions if not one.cluster_local},
            "system": None,
            "live": ["sse", "websocket"],
        }
        if self._system is not None and refusal(request, changes=False) is None:
            config["system"] = {"url": PREFIX, "can": list(CAN)}
        return web.json_response(config, headers={hdrs.CACHE_CONTROL: "no-store"})

    def unknown(
        self, request: web.BaseRequest, target: str, routes: Routes, nearest: Sequence[str]
    ) -> web.Response:
        """That there is nothing at this path, and what is near it."""
        other = None
        if routes is not self._routes:
            other = self._routes.find(request.method, target, request.headers.get(hdrs.HOST))
        detail = "there is no function and no route here"
        if isinstance(other, Target):
            detail = f"{other.function.name} is behind the port of {other.function.service}"
        if nearest:
            detail += f"; near it: {', '.join(nearest)}"
        return problem(404, "Not Found", detail, nearest=list(nearest))


def _wants_html(request: web.BaseRequest) -> bool:
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")


def _index(
    request: web.BaseRequest, routes: Routes, missing: str | None, status: int = 200
) -> web.Response:
    entries = routes.entries()
    if not _wants_html(request):
        functions = [asdict(entry) for entry in entries]
        return web.json_response({"functions": functions}, headers={hdrs.VARY: hdrs.ACCEPT})
    said = "" if missing is None else f"<p>{html.escape(missing)}</p>"
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>LearnFlow</title>'
        f"<h1>LearnFlow</h1>{said}<table>{''.join(map(_row, entries))}</table></html>"
    )
    return web.Response(text=text, status=status, content_type="text/html")


def _row(one: Entry) -> str:
    return (
        f"<tr><td>{html.escape(one.function)}</td><td>{one.path or 'cluster-local'}</td>"
        f"<td>{html.escape(', '.join(one.routes))}</td></tr>"
    )
