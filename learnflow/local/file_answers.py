"""How a file of the web app is answered: coding, validators, and nothing but looking at it."""

from typing import Final

from aiohttp import hdrs, web

from learnflow.local.forwarding import problem
from learnflow.local.static_files import File

_ALLOW: Final = {"Allow": "GET, HEAD, OPTIONS"}
_PREFERRED: Final = ("br", "gzip", "identity")


def answer(
    request: web.BaseRequest, file: File, *, status: int = 200, by_accept: bool = False
) -> web.Response:
    """The file, or 304 when the client has it; `by_accept`: others get something else here."""
    if request.method == hdrs.METH_OPTIONS:
        return web.Response(status=204, headers=_ALLOW)
    if request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
        return problem(405, "Method Not Allowed", f"here it is {_ALLOW['Allow']}", _ALLOW)
    coding = _coding(request.headers.get(hdrs.ACCEPT_ENCODING, ""), file)
    headers = {**file.headers, hdrs.ETAG: file.etag(coding)}
    varies = [hdrs.ACCEPT] if by_accept else []
    if len(file.bodies) > 1:
        varies.append(hdrs.ACCEPT_ENCODING)
    if varies:
        headers[hdrs.VARY] = ", ".join(varies)
    if status == 200 and _known(request.headers.get(hdrs.IF_NONE_MATCH, ""), file.etag(coding)):
        return web.Response(status=304, headers=headers)
    if coding != "identity":
        headers[hdrs.CONTENT_ENCODING] = coding
    return web.Response(status=status, headers=headers, body=file.bodies[coding])


def _known(said: str, etag: str) -> bool:
    """Whether If-None-Match names it; weakly, as RFC 9110 has it for this."""
    return any(one.strip().removeprefix("W/") in ("*", etag) for one in said.split(","))


def _coding(accepted: str, file: File) -> str:
    """The coding that the client accepts and we prefer; identity when it says nothing we know."""
    weights = {name: weight for name, weight in map(_weighed, accepted.lower().split(",")) if name}
    anything = weights.get("*", 0.0)
    fits = [one for one in _PREFERRED if one in file.bodies and weights.get(one, anything) > 0]
    return max(fits, key=lambda one: weights.get(one, anything), default="identity")


def _weighed(part: str) -> tuple[str, float]:
    """A coding and its weight, 1 unless `q` says otherwise."""
    name, *parameters = (one.strip() for one in part.split(";"))
    for one in parameters:
        if one.startswith("q="):
            try:
                return name, float(one[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0
