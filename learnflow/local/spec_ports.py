"""The specification's ports: one for its front end, one for each of its services.

Which functions are behind a port is said by their manifests, in the label learnflow.org/service.
"""

import socket
from typing import Final

from learnflow.local.ports import clash, listening
from learnflow.local.progress import StartError

FRONT_END: Final = 3000
"""The specification's web page: the web app, and all that it asks on the same origin."""
SERVICES: Final = {3001: "student-api", 3002: "tutor-api", 3003: "matching-service"}


def bind_all() -> dict[socket.socket, str | None]:
    """A listening socket for each port, with the service it is for. Raises StartError."""
    bound: dict[socket.socket, str | None] = {}
    for port, service in {FRONT_END: None, **SERVICES}.items():
        try:
            bound[listening("127.0.0.1", port)] = service
        except OSError:
            for other in bound:
                other.close()
            raise StartError(
                f"{clash(port)}, and --spec-ports opens it for {service or 'the front end'}.",
                "end that process, or start without --spec-ports: everything is behind --port",
            ) from None
    return bound


def urls(bound: dict[socket.socket, str | None]) -> dict[str, str]:
    """Where each service is served, and `everything`."""
    return {
        service or "everything": f"http://127.0.0.1:{one.getsockname()[1]}"
        for one, service in bound.items()
    }
