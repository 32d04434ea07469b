"""GET /openapi.json at the gateway: the generated document as it lies in docs/, always fresh."""

from typing import Final

from aiohttp import hdrs, web

from learnflow.contracts.published import OPENAPI
from learnflow.local.forwarding import problem

PATH: Final = "/openapi.json"
_ALLOW: Final = {"Allow": "GET, HEAD, OPTIONS"}


def answer(method: str) -> web.Response:
    """The document, or why there is none. Read at each call: it is rarely asked for."""
    if method == hdrs.METH_OPTIONS:
        return web.Response(status=204, headers=_ALLOW)
    if method not in (hdrs.METH_GET, hdrs.METH_HEAD):
        return problem(405, "Method Not Allowed", f"here it is {_ALLOW['Allow']}", _ALLOW)
    try:
        body = OPENAPI.read_bytes()
    except OSError:
        detail = "docs/openapi.json is not there; `make contracts` writes it"
        return problem(404, "Not Found", detail)
    return web.Response(body=body, content_type="application/json")
