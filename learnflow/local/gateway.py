"""The gateway: one HTTP port for every public function, as behind Knative's ingress."""

import asyncio
import socket
from pathlib import Path

from aiohttp import hdrs, web

from learnflow.local.faults import LOST
from learnflow.local.forwarding import (
    MAX_BODY,
    Streaming,
    body_of,
    forwarded,
    noted,
    problem,
    respond,
    target_of,
    unserved,
)
from learnflow.local.http_server import HttpServer
from learnflow.local.instances import Unserved
from learnflow.local.pool import Pool
from learnflow.local.requests import Passed, Requests
from learnflow.local.routes import NotAllowed, Routes, Unknown
from learnflow.local.site import Site
from learnflow.local.system_api import SystemApi
from learnflow.local.upload import UploadFailed
from learnflow.local.websocket import tunnel
from learnflow.manifests import Function


class Gateway:
    """Answers on a listening socket; holds requests while a function starts, passes streams on."""

    def __init__(
        self, pool: Pool, *, files: Path | None = None, system: SystemApi | None = None
    ) -> None:
        """`files` is the folder of the web app, `system` what its page about the system asks."""
        functions = {name: r.function for name, r in pool.revisions.items()}
        self.routes = Routes(functions)
        self._site = Site(self.routes, list(functions.values()), files, system)
        self.requests = Requests()
        self._pool = pool
        self._server = HttpServer(
            self._handle, access_log=None, handler_cancellation=True, keepalive_timeout=75.0
        )
        self._listeners: list[asyncio.Server] = []
        self._of_port: dict[int, Routes] = {}
        self._streaming: Streaming = set()

    async def start(self, listening: socket.socket, service: str | None = None) -> None:
        """Serve the connections of a bound socket; with `service`, its functions alone."""
        if service is not None:
            found = {name: r.function for name, r in self._pool.revisions.items()}
            owned = {name: one for name, one in found.items() if one.service == service}
            self._of_port[listening.getsockname()[1]] = Routes(owned)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._server, sock=listening, backlog=1024)
        self._listeners.append(server)

    async def stop(self, grace: float = 5.0) -> None:
        """Accept nothing new; cut streams, which resume; let answers end for `grace` seconds."""
        for listener in self._listeners:
            listener.close()
        for transport in self._streaming:
            transport.close()
        self._server.pre_shutdown()
        await self._server.shutdown(grace)
        await self._site.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        target, headers = target_of(request), request.headers
        asked = headers.get(hdrs.ACCESS_CONTROL_REQUEST_METHOD)
        routes = self._routes(request)
        found = routes.find(request.method, target, headers.get(hdrs.HOST), asked)
        if isinstance(found, Unknown):
            own = await self._site.answer(request, target, routes, self._streaming)
            if own is None:
                own = self._site.unknown(request, target, routes, found.nearest)
            return own
        if isinstance(found, NotAllowed):
            allow = ", ".join(found.allow)
            return problem(405, "Method Not Allowed", f"here it is {allow}", {"Allow": allow})
        if found.function.cluster_local:
            return _hidden(found.function)
        passed = self.requests.begin(
            request.method, target, found.function.name, headers.get("traceparent")
        )
        try:
            response = await self._answered(request, found.function, found.path, passed)
            passed.status = passed.status or response.status
        finally:
            passed.ended()
        if not response.prepared:  # a function's own says more: its span
            response.headers.setdefault("traceresponse", passed.traceparent)
        if request.method == hdrs.METH_OPTIONS:
            allow = ", ".join(routes.methods(target, headers.get(hdrs.HOST)))
            response.headers[hdrs.ALLOW] = allow or response.headers.get(hdrs.ALLOW, "OPTIONS")
        return response

    def _routes(self, request: web.BaseRequest) -> Routes:
        """All routes, or those of the service whose port was asked."""
        if not self._of_port or request.transport is None:
            return self.routes
        port = request.transport.get_extra_info("sockname")[1]
        return self._of_port.get(port, self.routes)

    async def _answered(
        self, request: web.BaseRequest, function: Function, path: str, passed: Passed
    ) -> web.StreamResponse:
        trace_id = passed.trace_id
        try:
            return await self._pass_on(request, function, path, passed)
        except Unserved as why:
            if why.status == LOST and request.transport is not None:
                request.transport.abort()
            return unserved(why, trace_id)
        except UploadFailed as why:
            return problem(why.status, why.title, str(why), trace_id=trace_id)
        except web.RequestPayloadError:
            return problem(400, "Bad Request", "the body broke off", trace_id=trace_id)
        except ValueError:  # bytes that are no text, in a header
            detail = "the request's headers cannot be passed on"
            return problem(400, "Bad Request", detail, trace_id=trace_id)

    async def _pass_on(
        self, request: web.BaseRequest, function: Function, path: str, passed: Passed
    ) -> web.StreamResponse:
        revision = self._pool.revisions[function.name]
        if (request.content_length or 0) > MAX_BODY:
            raise UploadFailed(413, "Content Too Large", f"a body has at most {MAX_BODY} bytes")
        headers = forwarded(request)
        headers["traceparent"] = passed.traceparent
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            with noted(request, self._streaming):
                return await tunnel(request, revision, path, headers, self._pool.faults)
        body = await body_of(request)
        reply = await self._pool.open(function.name, request.method, path, headers, body)
        passed.began(reply.status, reply.headers, reply.cold_start_ms)
        try:
            return await respond(request, reply, self._streaming)
        finally:
            reply.close()


def _hidden(function: Function) -> web.Response:
    detail = (
        f"{function.name} is cluster-local (label networking.knative.dev/visibility), "
        "on Knative too: only events and other functions reach it"
    )
    return problem(404, "Not Found", detail, file=str(function.file))
