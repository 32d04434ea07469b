"""The system page's source on a cluster: `python -m learnflow.cluster.viewing_service`, PORT.

Read only: GET /system/api/functions and /system/api/flow, for pages of the allowed origins.
"""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import hdrs, web

from learnflow.cluster import viewing
from learnflow.cluster.viewing_client import Kubernetes, Unanswered
from learnflow.runtime.problems import Refused, document
from learnflow.settings import Settings, SettingsError

PREFIX: Final = "/system/api"
_ALWAYS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Answer = Callable[[], Awaitable[Any]]


def application(kubernetes: Kubernetes, settings: Settings) -> web.Application:
    """Everything it serves; it closes `kubernetes` at its end."""
    root = settings.functions.parent

    async def functions() -> Any:
        services, pods = await kubernetes.all("services"), await kubernetes.all("pods")
        return viewing.functions(services, pods, datetime.now(UTC))

    async def flow() -> Any:
        services, sources = await kubernetes.all("services"), await kubernetes.all("sources")
        return viewing.flow_of(root, services, sources)

    async def alive() -> Any:
        return {"status": "alive"}

    async def closing(_app: web.Application) -> None:
        await kubernetes.close()

    app = web.Application(middlewares=[_for_pages(settings)])
    app.on_cleanup.append(closing)
    found = {f"{PREFIX}/functions": functions, f"{PREFIX}/flow": flow}
    for path, answer in {**found, "/healthz": alive, "/readyz": alive}.items():
        app.router.add_get(path, _handler(answer))
    return app


def _handler(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response(await answer())

    return handle


def _for_pages(settings: Settings) -> Any:
    """Refusals as problem documents; leave to read for the origins that functions allow too."""

    @web.middleware
    async def middleware(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        except web.HTTPException as refused:
            response = _problem(refused.status, refused.reason, "")
            if isinstance(refused, web.HTTPMethodNotAllowed):
                response.headers[hdrs.ALLOW] = "GET, HEAD"
        except Unanswered as why:
            response = _problem(503, "Service Unavailable", str(why))
            response.headers[hdrs.RETRY_AFTER] = "1"
        response.headers.update({**_ALWAYS, hdrs.VARY: hdrs.ORIGIN})
        origin = request.headers.get(hdrs.ORIGIN)
        if origin in settings.cors_origins:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = str(origin)
        return response

    return middleware


def _problem(status: int, title: str, detail: str) -> web.Response:
    body = document(Refused(status, title, detail))
    return web.Response(status=status, body=body, content_type="application/problem+json")


def main(account: Path | None = None) -> int:
    """Serve on 0.0.0.0:PORT until SIGTERM. Returns the exit code."""
    try:
        settings = Settings.read()
        url = settings.kubernetes_url()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    kubernetes = Kubernetes(url) if account is None else Kubernetes(url, account)
    app = application(kubernetes, settings)
    web.run_app(app, host="0.0.0.0", port=settings.port, access_log=None, print=None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
