"""The sender repeats with the same key until the answer is final, and says what it was."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from learnflow.demo import sender
from learnflow.demo.examples import Batch
from learnflow.demo.sender import Request, requests_of, send_one
from learnflow.demo.sending import SenderFailed, send


@dataclass
class FakeGateway:
    """Answers each POST with the next status of its list, then 201."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers["Idempotency-Key"])
        self.bodies.append(await request.read())
        status = self.statuses.pop(0) if self.statuses else 201
        body = {"student_id": f"s{len(self.keys)}"} if status == 201 else {"detail": "no"}
        return web.json_response(body, status=status, headers={"Retry-After": "0"})


@pytest.fixture
async def gateway(unused_tcp_port: int) -> AsyncIterator[FakeGateway]:
    fake = FakeGateway(f"http://127.0.0.1:{unused_tcp_port}")
    app = web.Application()
    app.router.add_post("/api/students", fake.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    yield fake
    await runner.cleanup()


async def _send(gateway: FakeGateway) -> sender.Sent:
    async with aiohttp.ClientSession(gateway.url) as session:
        return await send_one(session, "/api/students", Request(1, "run-students-1", b"{}"))


async def test_overload_is_repeated_with_the_same_key(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_WAIT", 0.001)
    gateway.statuses = [429, 503, 409]
    sent = await _send(gateway)
    assert (sent.status, sent.id, sent.attempts, sent.accepted) == (201, "s4", 4, True)
    assert gateway.keys == ["run-students-1"] * 4


async def test_a_refusal_is_final(gateway: FakeGateway) -> None:
    gateway.statuses = [422]
    sent = await _send(gateway)
    assert (sent.status, sent.attempts, sent.error, sent.accepted) == (422, 1, "no", False)


async def test_a_gateway_that_is_away_is_given_up_in_the_end(
    unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(sender, "PATIENCE_SECONDS", 0.05)
    sent = await _send(FakeGateway(f"http://127.0.0.1:{unused_tcp_port}"))
    assert sent.status is None
    assert sent.attempts > 1


def test_the_same_run_gives_the_same_line_the_same_key(tmp_path: Path) -> None:
    file = tmp_path / "students.jsonl"
    file.write_bytes(b'{"a":1}\n{"a":2}\n')
    assert [one.key for one in requests_of(file, "r")] == ["r-students-1", "r-students-2"]


async def test_a_batch_is_sent_by_another_process_line_by_line(
    gateway: FakeGateway, tmp_path: Path
) -> None:
    file = tmp_path / "students.jsonl"
    file.write_bytes(b'{"a":1}\n{"a":2}\n')
    sent = [one async for one in send(gateway.url, Batch(file, "/api/students", ()), "r")]
    assert sorted(one.line for one in sent) == [1, 2]
    assert sorted(gateway.bodies) == [b'{"a":1}', b'{"a":2}']


async def test_a_sender_that_fails_says_so(tmp_path: Path) -> None:
    batch = Batch(tmp_path / "missing.jsonl", "/api/students", ())
    with pytest.raises(SenderFailed, match="the sending process said"):
        _ = [one async for one in send("http://127.0.0.1:9", batch, "r")]
