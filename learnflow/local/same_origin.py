"""Who asks? The system page answers this machine's own pages and programs, and no other website.

A website in a browser on this machine can send requests here too. It cannot choose `Host`, `Origin`
and `Sec-Fetch-Site`, which say where it is from; nor can it send JSON without being asked for leave
first (CORS), which is never given here. A name of its own that leads here (DNS rebinding) shows in
`Host`.
"""

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OURS: Final = frozenset({"none", "same-origin"})


def refusal(request: web.BaseRequest, *, changes: bool) -> str | None:
    """Why this request is not answered and what to do instead; None: it may be.

    What `changes` something must be JSON, too.
    """
    host = _host(request)
    if host is None or not _is_here(host, request):
        return (
            "the Host header is no address of this machine, so another website may have sent you; "
            "open http://localhost or http://127.0.0.1 with the port"
        )
    site = request.headers.get("Sec-Fetch-Site", "none").lower()
    if site not in _OURS or not _same_origin(request, host):
        return "another website asks; open the system page of this address and use its buttons"
    if changes and request.content_type != "application/json":
        return "a change is sent as application/json; set that content type"
    return None


def _host(request: web.BaseRequest) -> str | None:
    """The one Host header, None when there is none or several."""
    said = request.headers.getall(hdrs.HOST, [])
    return said[0].strip().lower() if len(said) == 1 else None


def _is_here(host: str, request: web.BaseRequest) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.netloc != host or "@" in host or not name:
        return False
    return name in _HERE or name.endswith(".localhost") or _is_listening(name, request)


def _is_listening(name: str, request: web.BaseRequest) -> bool:
    """Whether this is the very address on which the connection arrived: no name, so no detour."""
    transport = request.transport
    listening: Any = transport.get_extra_info("sockname") if transport is not None else ()
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(listening[0])
    except (ValueError, IndexError):
        return False


def _same_origin(request: web.BaseRequest, host: str) -> bool:
    """Whether each Origin that is said is this address; browsers always say it with a change."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    return all(origin.strip().lower() == f"http://{host}" for origin in origins)
