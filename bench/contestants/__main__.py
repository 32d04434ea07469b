"""`python -m bench.contestants NAME DSN [DESCRIPTOR]`: serve on a listening socket passed by it.

All are served alike, with uvloop and httptools, no access log, no additional headers; but the WSGI
framework as it serves itself.
"""

import importlib
import socket
import sys
from pathlib import Path

MODULES = {
    "bare": "bench.contestants.bare",
    "fastapi": "bench.contestants.fastapi_sqlmodel",
    "framework": "bench.contestants.framework_sqlmodel",
    "inbox": "bench.contestants.bare_inbox",
}


def main(name: str, dsn: str, descriptor: str = "") -> None:
    """Be the contestant until SIGTERM."""
    if name == "relay":
        importlib.import_module("bench.contestants.relay").run(dsn)
    elif name == "wsgi":
        importlib.import_module("bench.contestants.framework_wsgi").run(dsn, int(descriptor))
    elif name in MODULES:
        _serve(importlib.import_module(MODULES[name]).application(dsn), int(descriptor))
    else:
        _serve_function(name, dsn, int(descriptor))


def _serve(app: object, descriptor: int) -> None:
    import uvicorn

    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,
    )
    # Not Config(fd=...): that takes the socket for a Unix one, and TCP_NODELAY stays off (40 ms).
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


def _serve_function(name: str, dsn: str, descriptor: int) -> None:
    from learnflow.runtime.load import load_function
    from learnflow.runtime.serve import serve
    from learnflow.settings import Settings, variable

    operation = load_function(Path(__file__).parents[2] / "functions", name).operation
    settings = Settings.read({variable(f"{operation.database}_database_url"): dsn})
    serve(operation, settings, socket.socket(fileno=descriptor))


if __name__ == "__main__":
    main(*sys.argv[1:])
