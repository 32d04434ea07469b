"""Finding a port on this machine: the usual one, else the next that is free, saying who has it."""

import errno
import socket
from dataclasses import dataclass
from typing import Final

import psutil

DEFAULT_PORT: Final = 8080
_ATTEMPTS: Final = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound socket; `message` says for people why it is not the port asked for."""

    socket: socket.socket
    port: int
    message: str | None


class NoPort(Exception):
    """No port near the one asked for is free."""


def bind(port: int = DEFAULT_PORT, host: str = "127.0.0.1") -> Bound:
    """Bind `port`, or the next free one above it."""
    for candidate in range(port, min(port + _ATTEMPTS, 65536)):
        try:
            bound = listening(host, candidate)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            continue
        actual: int = bound.getsockname()[1]
        message = None if candidate == port else f"{clash(port)}; using {actual}."
        return Bound(bound, actual, message)
    raise NoPort(f"{clash(port)}, and so are the {_ATTEMPTS - 1} above it.")


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on exactly this port. Raises OSError."""
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host, port))
        one.listen(1024)  # two sockets may share a bound address until one of them listens
    except OSError:
        one.close()
        raise
    one.setblocking(False)
    return one


def clash(port: int) -> str:
    """Why a port cannot be had, for people: who has it."""
    if 0 < port < 1024:
        return f"Port {port} is used or not allowed to you"
    return f"Port {port} is used by {owner(port) or 'another process'}"


def owner(port: int) -> str | None:
    """Who listens on a port, as `PID 123 (nginx)`; None when the system does not tell."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            here = connection.laddr and connection.laddr.port == port
            if here and connection.status == psutil.CONN_LISTEN and connection.pid is not None:
                return f"PID {connection.pid} ({psutil.Process(connection.pid).name()})"
    except (psutil.Error, OSError):
        return None
    return None
