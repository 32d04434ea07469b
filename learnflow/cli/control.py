"""A small client of the runner's control API, over its Unix socket."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from learnflow.cli.problem import Problem

TIMEOUT_SECONDS: Final = 15.0


class NotRunning(Problem):
    """Nobody serves the control socket."""

    def __init__(self) -> None:
        super().__init__("LearnFlow does not run here.", "start it: learnflow up (or: make run)")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("runner", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Control:
    """Asks the runner; raises NotRunning, or Problem with what the runner answered."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, *segments: str, **query: object) -> dict[str, Any]:
        """The answer to GET /control/<segments>; a query value of None is left out."""
        return self._ask("GET", _target(segments, query), None)

    def post(self, *segments: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to POST /control/<segments>."""
        return self._ask("POST", _target(segments, {}), json.dumps(body or {}).encode())

    def lines(self, *segments: str, **query: object) -> Iterator[dict[str, Any]]:
        """JSON lines as they come, until the runner ends the answer."""
        yield from self._lines("GET", _target(segments, query), None)

    def posted_lines(self, *segments: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """JSON lines that answer POST /control/<segments>, as they come."""
        yield from self._lines("POST", _target(segments, {}), json.dumps(body).encode())

    def raw_lines(self, *segments: str) -> Iterator[bytes]:
        """Lines as they come, unread; Problem when the runner ends before they do."""
        connection = _Connection(self.path, None)
        try:
            yield from self._open(connection, "GET", _target(segments, {}), None)
        except (http.client.HTTPException, ConnectionError) as error:
            raise Problem("The runner ended while it was read.", "start it, and repeat") from error
        finally:
            connection.close()

    def _lines(self, method: str, target: str, body: bytes | None) -> Iterator[dict[str, Any]]:
        connection = _Connection(self.path, None)
        try:
            for line in self._open(connection, method, target, body):
                yield json.loads(line)
        except (http.client.HTTPException, ConnectionError):
            return  # the runner ended while it was followed
        finally:
            connection.close()

    def _ask(self, method: str, target: str, body: bytes | None) -> dict[str, Any]:
        connection = _Connection(self.path, TIMEOUT_SECONDS)
        try:
            answer: dict[str, Any] = json.loads(
                self._open(connection, method, target, body).read() or b"{}"
            )
            return answer
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Problem(
                f"The runner did not answer: {type(error).__name__}.",
                "learnflow doctor; if it hangs, learnflow down and start it again",
                str(self.path),
            ) from error
        finally:
            connection.close()

    def _open(
        self, connection: _Connection, method: str, target: str, body: bytes | None
    ) -> http.client.HTTPResponse:
        try:
            connection.connect()
        except OSError as error:
            raise NotRunning from error
        connection.request(method, target, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status >= 400:
            raise _refusal(response.read(), target)
        return response


def _target(segments: tuple[str, ...], query: Mapping[str, object]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    path = "/".join(quote(segment, safe=":") for segment in ("control", *segments))
    return f"/{path}?{urlencode(given)}" if given else f"/{path}"


def _refusal(body: bytes, target: str) -> Problem:
    try:
        answer = json.loads(body)
        what = str(answer.get("detail") or answer.get("title"))
        errors = "; ".join(map(str, answer.get("errors") or []))
    except (ValueError, AttributeError):
        what, errors = "the runner refused", ""
    return Problem(what, errors, target.partition("?")[0])
