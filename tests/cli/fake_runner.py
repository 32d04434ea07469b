"""A runner's control API for the command line's tests: answers by path, and remembers requests."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

INSTANCE: Final = {
    **{"pid": 41, "in_flight": 1, "ready": True, "draining": False, "start_ms": 21.4},
    "age_s": 2.0,
}
FUNCTION: Final = {
    **{"function": "match-student", "requests": 1, "waiting": 0, "starting": 0, "panics": False},
    **{"cold_starts": 1, "starts": 1, "instances": [INSTANCE]},
}
SOURCE: Final = {
    **{"source": "match-student-on-student-registered", "function": "match-student"},
    **{"topics": ["student.registered"], "running": True, "lag": 3, "in_flight": 1},
    **{"waiting_for_retry": 0, "delivered": 12, "dead": 1},
}
RECORD: Final = {
    **{"topic": "student.registered", "partition": 0, "offset": 7, "key": "s1"},
    **{"timestamp": 1_795_000_000_000, "headers": {}, "event_id": "e1"},
    **{"type": "org.learnflow.student.registered.v1", "value": {"data": {"grade": 7}}},
    "trace_id": "a1" * 16,
}
ATTEMPT: Final = {"status": 503, "ms": 12.5, "cold_start_ms": 20.0, "reason": "busy", "at": 1}
TRAIL: Final = {
    **{"source": SOURCE["source"], "function": "match-student", "topic": "student.registered"},
    **{"partition": 0, "offset": 7, "recognised": "structured", "wrapped_because": None},
    **{"state": "delivered", "note": None, "replay": None, "attempts": [ATTEMPT]},
}
VERDICT: Final = {
    **{"source": SOURCE["source"], "function": "match-student", "mode": "structured"},
    **{"reason": None, "type": RECORD["type"]},
}
LETTER: Final = {
    **{"offset": "3", "at": 1_795_000_000_000, "event_id": "e1", "type": RECORD["type"]},
    **{"source": SOURCE["source"], "destination": "x", "status": 422, "reason": "unknown student"},
}
Answer = tuple[int, Any]
LINE: Final = {"function": "match-student", "text": "started", "pid": 41, "at": 1_795_000_000_000}


TALLY: Final = {
    **{"replay": "r-1", "deliveries": 3, "delivered": 1, "duplicates": 2, "dead_letters": 0},
    **{"lost": 0, "done": 3},
}
PLAN: Final = {
    **{"records": 2, "deliveries": 3},
    "sources": [{"source": SOURCE["source"], "function": "match-student", "deliveries": 3}],
    "first": [
        {
            **{"at": 1_795_000_000_000, "topic": "student.registered", "key": "s1"},
            **{"event_id": "e1", "functions": ["match-student"]},
        }
    ],
}
NEWS: Final = {
    **{"at": 1_795_000_000_020, "event_id": "e1", "topic": "student.registered", "key": "s1"},
    **{"source": SOURCE["source"], "function": "match-student", "replay": None, "number": 1},
    **{"state": "waiting for retry 1 of 7", "note": None, "trace_id": "a1" * 16},
    **{"attempt": ATTEMPT, "duplicate": False},
}


def replaying(asked: Any) -> "Answer":
    """A plan for a dry run, else the progress of the replay."""
    return (200, PLAN) if asked.get("dry_run") else (200, [{**TALLY, "done": 1}, TALLY])


@dataclass
class FakeRunner:
    """What was asked, and what is answered: (status, body) by method and path.

    A list is answered as JSON lines; a function makes the answer from what was asked.
    """

    path: Path
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    answers: dict[str, Answer | Callable[[Any], Answer]] = field(
        default_factory=lambda: {
            "GET /control/ps": (200, {"functions": [FUNCTION], "sources": [SOURCE]}),
            "GET /control/urls": (200, {"gateway": "http://127.0.0.1:8080"}),
            "GET /control/events": (200, {"events": [{"position": 9, **RECORD}]}),
            "GET /control/events/e1": (
                200,
                {"records": [RECORD], "recognition": [VERDICT], "deliveries": [TRAIL]},
            ),
            "GET /control/dead-letters": (200, {"dead_letters": [LETTER]}),
            "GET /control/dead-letters/3": (200, {**LETTER, "record": RECORD}),
            "POST /control/dead-letters/3/replay": (200, TRAIL),
            "POST /control/dead-letters/replay": lambda asked: (
                (200, {"deliveries": 3, "first": [LETTER]})
                if asked.get("dry_run")
                else (200, [{**TALLY, "unreplayable": []}])
            ),
            "POST /control/dead-letters/discard": (200, {"discarded": 2, "settled_before": 1}),
            "GET /control/events/tail": (
                200,
                [{"event": RECORD}, {"delivery": NEWS}, {"missed": 4}],
            ),
            "POST /control/events/replay": replaying,
            "POST /control/send": (202, {"id": "e9", "topic": "student.registered"}),
            "GET /control/logs": (200, LINE),
        }
    )


@contextmanager
def serving(path: Path) -> Iterator[FakeRunner]:
    """The fake on a Unix socket, in a thread, until the block ends."""
    fake = FakeRunner(path)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            target = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = dict(parse_qsl(target.query))
            asked = json.loads(body) if body else None
            fake.asked.append((self.command, target.path, query, asked))
            missing = (404, {"title": "Refused", "detail": "no record carries this event"})
            found = fake.answers.get(f"{self.command} {target.path}", missing)
            status, answer = found(asked) if callable(found) else found
            self.send_response(status)
            self.end_headers()
            for line in answer if isinstance(answer, list) else [answer]:
                self.wfile.write(json.dumps(line).encode() + b"\n")

        do_GET = do_POST = _answer  # noqa: N815 - the names http.server calls

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with socketserver.UnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        server.shutdown()
        thread.join()
