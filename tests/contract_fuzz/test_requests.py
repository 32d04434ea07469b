"""Requests that are hardly HTTP, on the gateway's socket: none makes a fault or hangs."""

import asyncio
from collections import Counter

import aiohttp
import pytest

from tests.contract_fuzz.limits import Limits
from tests.contract_fuzz.raw_answers import answers, wrong
from tests.contract_fuzz.raw_requests import KINDS, RawRequest, requests
from tests.system.harness import Embedded

AT_ONCE = 32
WITHOUT_ANSWER = {"truncated", "slow"}
"""A client that leaves in the middle of its request is not answered."""


@pytest.mark.timeout(900)
async def test_what_is_hardly_http_is_refused_properly(system: Embedded, limits: Limits) -> None:
    assert system.process is not None
    gate, port = asyncio.Semaphore(AT_ONCE), int(system.url.rsplit(":", 1)[1])
    seen: Counter[tuple[str, int]] = Counter()

    async def sent(request: RawRequest) -> str:
        async with gate:
            try:
                answered = await answers("127.0.0.1", port, request)
            except TimeoutError:
                return "no answer, and no end"
        seen.update((request.kind, one.status) for one in answered)
        return wrong(request, answered)

    drawn = list(requests(limits.requests, limits.seed or 0))
    found = await asyncio.gather(*map(sent, drawn))
    failed = sorted((one.size, why, str(one)) for one, why in zip(drawn, found, strict=True) if why)
    shortest = "\n".join(f"{why}: {what}" for _, why, what in failed[:3])
    assert not failed, f"{len(failed)} of {len(drawn)} failed; the shortest:\n{shortest}"

    refused = {kind for kind, status in seen if status >= 400}
    assert KINDS.keys() - refused <= WITHOUT_ANSWER, seen
    assert {"slow", "length", "body", "pipelined"} <= {
        kind for kind, status in seen if status < 300
    }
    assert system.process.poll() is None
    async with aiohttp.ClientSession() as session, session.get(f"{system.url}/api/tutors") as good:
        assert good.status == 200
