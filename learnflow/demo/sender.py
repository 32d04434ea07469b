"""Sends one file of registrations over HTTP, from a process of its own, and says what came back.

`python -m learnflow.demo.sender --url http://127.0.0.1:8080 --path /api/students --file x.jsonl`
prints one JSON object per line of the file, in the order of the answers. Each request carries an
Idempotency-Key and is repeated with it until it has a final answer, so that none counts twice.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

CONCURRENCY: Final = 16
PATIENCE_SECONDS: Final = 60.0
"""How long one request is repeated."""
AGAIN: Final = frozenset({409, 425, 429, 502, 503, 504})
"""Not final with an idempotency key: in flight, too early, too much, or nobody there."""
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One request's final answer: `status` None when there was none, `id` of what was created."""

    line: int
    key: str
    status: int | None
    id: str | None
    attempts: int
    ms: float
    error: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether it was created."""
        return self.status == 201


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the file."""

    line: int
    key: str
    body: bytes


def requests_of(file: Path, run: str) -> list[Request]:
    """The lines as requests; the same run sends the same line with the same key."""
    lines = file.read_bytes().splitlines()
    return [Request(n, f"{run}-{file.stem}-{n}", line) for n, line in enumerate(lines, 1) if line]


async def send_one(session: aiohttp.ClientSession, path: str, request: Request) -> Sent:
    """Send until the answer is final or patience ends."""
    began, attempts, wait = time.monotonic(), 0, FIRST_WAIT
    headers = {"content-type": "application/json", "idempotency-key": request.key}
    while True:
        attempts += 1
        status, answer, pause = await _attempt(session, path, request.body, headers)
        spent = time.monotonic() - began
        if (status is not None and status not in AGAIN) or spent > PATIENCE_SECONDS:
            return _sent(request, status, answer, attempts, spent)
        await asyncio.sleep(pause or wait)
        wait = min(wait * 2, LONGEST_WAIT)


async def _attempt(
    session: aiohttp.ClientSession, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int | None, dict[str, Any], float]:
    """Status, answer and the pause asked for; status None when the connection broke."""
    try:
        async with session.post(path, data=body, headers=headers) as response:
            after = response.headers.get("retry-after", "")
            answer = await response.json(content_type=None)
            return response.status, answer, float(after) if after.isdigit() else 0.0
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return None, {"detail": type(error).__name__}, 0.0


def _sent(
    request: Request, status: int | None, answer: dict[str, Any], attempts: int, spent: float
) -> Sent:
    created = answer.get("student_id") or answer.get("tutor_id")
    error = None if status == 201 else str(answer.get("detail") or answer.get("title"))
    ms = round(spent * 1000, 1)
    return Sent(request.line, request.key, status, created, attempts, ms, error)


async def send_all(
    url: str, path: str, requests: Sequence[Request], concurrency: int, rate: float
) -> bool:
    """Send every request, printing each answer; True when all were accepted.

    At most `concurrency` at a time, and `rate` a second; 0 is as fast as answers come.
    """
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    began = time.monotonic()
    due = ((began + n / rate if rate else began, each) for n, each in enumerate(requests))
    async with aiohttp.ClientSession(url, timeout=timeout) as session:
        workers = (_work(session, path, due) for _ in range(concurrency))
        return all(await asyncio.gather(*workers))


async def _work(
    session: aiohttp.ClientSession, path: str, due: Iterator[tuple[float, Request]]
) -> bool:
    fine = True
    for moment, request in due:
        await asyncio.sleep(moment - time.monotonic())
        sent = await send_one(session, path, request)
        fine = fine and sent.accepted
        print(json.dumps(asdict(sent)), flush=True)
    return fine


def main() -> int:
    """The exit code is 0 when every request was accepted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", required=True, help="the gateway")
    parser.add_argument("--path", required=True, help="where each line is posted")
    parser.add_argument("--file", required=True, type=Path, help="JSON Lines")
    parser.add_argument("--run", default="run", help="makes the idempotency keys of this run")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY)
    parser.add_argument("--rate", type=float, default=0.0, help="a second; 0: unlimited")
    given = parser.parse_args()
    requests = requests_of(given.file, given.run)
    work = send_all(given.url, given.path, requests, given.concurrency, given.rate)
    return 0 if asyncio.run(work) else 1


if __name__ == "__main__":
    sys.exit(main())
